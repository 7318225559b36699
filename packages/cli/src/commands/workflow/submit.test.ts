import { describe, expect, test } from "vitest";
import { withOverrides } from "./submit.ts";

const manifest = () => ({
  metadata: { generateName: "a-", labels: { kept: "yes", changed: "no" } },
  spec: {
    entrypoint: "main",
    arguments: {
      parameters: [
        { name: "who", value: "world", description: "whom to greet" },
        { name: "from", valueFrom: { configMapKeyRef: { name: "c", key: "k" } } },
      ],
      artifacts: [{ name: "kept" }],
    },
  },
});

const overrides = (options: Partial<Parameters<typeof withOverrides>[1]>) =>
  withOverrides(manifest(), { parameter: [], ...options });

describe("what the command line says over the manifest", () => {
  test("nothing said changes nothing, and the manifest itself is never changed", () => {
    const given = manifest();
    withOverrides(given, { parameter: ["who=you"], name: "b", labels: "x=1" });

    expect(given).toEqual(manifest());
    expect(overrides({})).toEqual(manifest());
  });

  test("a parameter's value takes the place of its value or source; the rest of it stays", () => {
    expect(overrides({ parameter: ["who=you", "from=me"] }).spec["arguments"]).toEqual({
      parameters: [
        { name: "who", value: "you", description: "whom to greet" },
        { name: "from", value: "me" },
      ],
      artifacts: [{ name: "kept" }],
    });
  });

  test("a parameter that the manifest does not have is added; the last of two wins", () => {
    const { parameters } = overrides({ parameter: ["new=1", "new=2=3"] }).spec["arguments"] as {
      parameters: unknown[];
    };

    expect(parameters.at(-1)).toEqual({ name: "new", value: "2=3" });
    expect(parameters).toHaveLength(3);
  });

  test("a parameter may be empty, and may have a name that objects have", () => {
    const changed = overrides({ parameter: ["who=", "__proto__=x", "constructor=y"] }).spec["arguments"];

    expect(changed).toMatchObject({ parameters: [{ name: "who", value: "" }, { name: "from" }, {}, {}] });
    expect(JSON.stringify(changed)).toContain('{"name":"__proto__","value":"x"}');
    expect(JSON.stringify(changed)).toContain('{"name":"constructor","value":"y"}');
  });

  test("a workflow without arguments gets them", () => {
    const bare = withOverrides({ metadata: {}, spec: {} }, { parameter: ["a=1"] });

    expect(bare.spec).toEqual({ arguments: { parameters: [{ name: "a", value: "1" }] } });
  });

  test("a name takes the place of a prefix, and the other way round", () => {
    expect(overrides({ name: "b" }).metadata).toMatchObject({ name: "b" });
    expect(overrides({ name: "b" }).metadata).not.toHaveProperty("generateName");
    expect(overrides({ generateName: "c-" }).metadata).toMatchObject({ generateName: "c-" });
    expect(overrides({ generateName: "c-" }).metadata).not.toHaveProperty("name");
  });

  test("labels are added to those there are", () => {
    expect(overrides({ labels: "changed=yes,new=1" }).metadata?.["labels"]).toEqual({
      kept: "yes",
      changed: "yes",
      new: "1",
    });
  });

  test.each([{ parameter: ["who"] }, { parameter: ["=x"] }, { labels: "a" }, { labels: "a=1," }])(
    "%o is asked wrongly",
    (options) => {
      expect(() => overrides(options)).toThrow(expect.objectContaining({ code: "CLI_USAGE" }));
    },
  );
});
