import { jsonSchemas } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { triggerRegistry } from "./registry.gen.ts";

describe.each([...triggerRegistry])("kind %s", (folder, kind) => {
  test("is named as its folder, and refuses fields that do not exist", () => {
    expect(kind.kind).toBe(folder);
    expect(kind.spec.safeParse({ noSuchField: 1 }).success).toBe(false);
    expect(kind.manifest?.safeParse({ noSuchField: 1 }).success).toBe(false);
  });
});

test("the written form of every kind can be shown to editors", () => {
  const trigger = Object.fromEntries(
    [...triggerRegistry].flatMap(([kind, d]) => (d.manifest ? [[kind, d.manifest]] : [])),
  );

  expect(JSON.stringify(jsonSchemas({ source: {}, trigger })["Sensor"])).toContain("secureHeaders");
});

test.each<[string, Record<string, unknown>, boolean]>([
  ["http", { payload: [{ src: {}, dest: "a" }], timeout: 5, headers: { a: 1 } }, true],
  ["http", { url: "http://x", tls: {} }, false],
  ["http", { url: "http://x", body: "b" }, false],
  [
    "argoWorkflow",
    { source: { resource: {} }, operation: "submit", parameters: [], args: ["-p", "a=b"] },
    true,
  ],
  ["argoWorkflow", { source: { resource: {} }, operation: "retry" }, false],
  ["argoWorkflow", { source: { s3: {} } }, false],
  ["k8s", { source: { resource: {} }, operation: "patch" }, false],
  ["log", { intervalSeconds: 10 }, true],
])("%s written as %j: %s", (kind, config, fits) => {
  expect(triggerRegistry.get(kind)?.manifest?.safeParse(config).success).toBe(fits);
});
