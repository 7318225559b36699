import { describe, expect, it } from "vitest";
import { z } from "zod";
import { manifestSchemas } from "../manifest.ts";
import { descriptions } from "./descriptions/table.ts";
import { jsonSchemas } from "./json-schema.ts";

describe("JSON Schemas", () => {
  it("exist for every kind, refuse unknown fields and are plain JSON", () => {
    const schemas = jsonSchemas();

    expect(Object.keys(schemas).sort()).toEqual(Object.keys(manifestSchemas).sort());
    for (const [kind, schema] of Object.entries(schemas)) {
      expect(schema).toMatchObject({ title: kind, type: "object", additionalProperties: false });
      expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    }
  });

  it("hold the configs of the kinds that are given", () => {
    const kinds = {
      source: { webhook: z.strictObject({ onlyHere: z.string() }) },
      trigger: { log: z.strictObject({ onlyThere: z.string() }) },
    };
    const schemas = jsonSchemas(kinds);

    expect(JSON.stringify(schemas.EventSource)).toContain("onlyHere");
    expect(JSON.stringify(schemas.Sensor)).toContain("onlyThere");
    expect(JSON.stringify(jsonSchemas().Sensor)).not.toContain("onlyThere");
  });

  it("say of every field of the workflow kinds what it is", () => {
    const silent: string[] = [];
    for (const [schema, rows] of descriptions) {
      const fields = Object.keys((schema as z.ZodObject).shape);
      silent.push(...fields.filter((field) => (rows[field] ?? "") === ""));
      expect(Object.keys(rows).filter((field) => !fields.includes(field))).toEqual([]);
    }
    expect(silent).toEqual([]);

    const text = JSON.stringify(jsonSchemas().Workflow);
    expect(text).toContain("Name of the template that runs first.");
    expect(text).toContain("A jq filter over the resource");
  });
});
