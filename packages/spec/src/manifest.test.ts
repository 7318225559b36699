import { describe, expect, it } from "vitest";
import { SpecError } from "./errors.ts";
import { formatIssues } from "./format.ts";
import { hasErrors } from "./issue.ts";
import { loadManifests, parseObject, parseWorkflow } from "./manifest.ts";

const workflow = (spec: string) =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: a-}\nspec:\n${spec}`;
const issuesOf = (text: string) => loadManifests(text, { file: "f.yaml" }).issues;

it("what is read in a document's place is checked as that, at the places of the text", () => {
  const text = workflow(
    "  arguments: {parameters: [{name: who}]}\n  entrypoint: m\n  templates: [{name: m, suspend: {}}]",
  );
  const given = (entrypoint: string) => (json: unknown) => ({
    ...(json as { [key: string]: never }),
    spec: { entrypoint, templates: [{ name: "m", suspend: {} }] },
  });
  const { manifests, issues } = loadManifests(text, { rewrite: given("m") });
  expect(issues).toEqual([]);
  expect(manifests[0]?.document.json).toMatchObject({ metadata: { generateName: "a-" } });
  expect(manifests[0]?.document.json).not.toHaveProperty("spec.arguments");
  const wrong = loadManifests(text, { rewrite: given(3 as never) }).issues;
  expect(wrong).toMatchObject([{ code: "SPEC_TYPE", path: "spec.entrypoint", line: 6 }]);
});

describe("what is written otherwise than its types say", () => {
  const workflow = (metadata: string, parameter: string) => `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: a${metadata}}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: alpine, command: ["true"]}
    outputs: {parameters: [{name: x, valueFrom: {${parameter}: /x}}]}
`;

  it("is read as the incumbent reads it, with a warning: other letters, and strange fields of metadata", () => {
    const { manifests, issues } = loadManifests(workflow(", label: {a: b}", "Path"));

    expect(issues.map(({ severity, code, line, message }) => [severity, code, line, message])).toEqual([
      ["warning", "SPEC_FIELD_UNKNOWN", 3, "unknown field 'label' in metadata: it is passed over"],
      ["warning", "SPEC_FIELD_UNKNOWN", 9, "'Path' is read as 'path'"],
    ]);
    expect(issues[0]?.hint).toBe("did you mean 'labels'?");
    expect(manifests[0]?.manifest).toMatchObject({
      metadata: { name: "a" },
      spec: { templates: [{ outputs: { parameters: [{ valueFrom: { path: "/x" } }] } }] },
    });
  });

  it("is an error where the field stands there twice, in both ways", () => {
    expect(hasErrors(loadManifests(workflow("", "path: /y, Path")).issues)).toBe(true);
  });
});

describe("a manifest that does not fit its schema", () => {
  it("says every finding at once, each with its place and what to do", () => {
    const text = workflow(`  entrypont: main
  parallelism: "4"
  arguments:
    parameters: {name: x}
  templates:
  - name: main
    container: {image: alpine, imagePullPolicy: Alway, args: hello}
    image: alpine
    atLeastOnce: true
    retryStrategy: {limit: [3], entrypoint: x}
`);

    const found = issuesOf(text).map(({ code, path, line, col }) => `${line}:${col} ${code} ${path}`);
    const hints = issuesOf(text).map((issue) => issue.hint);

    expect(found).toEqual([
      "5:3 SPEC_FIELD_UNKNOWN spec.entrypont",
      "6:16 SPEC_TYPE spec.parallelism",
      "8:17 SPEC_TYPE spec.arguments.parameters",
      "11:49 SPEC_VALUE spec.templates[0].container.imagePullPolicy",
      "11:62 SPEC_TYPE spec.templates[0].container.args",
      "12:5 SPEC_FIELD_MISPLACED spec.templates[0].image",
      "13:5 SPEC_FIELD_UNKNOWN spec.templates[0].atLeastOnce",
      "14:28 SPEC_TYPE spec.templates[0].retryStrategy.limit",
      "14:33 SPEC_FIELD_MISPLACED spec.templates[0].retryStrategy.entrypoint",
    ]);
    expect(hints[0]).toBe("did you mean 'entrypoint'?");
    expect(hints[1]).toBe("take the quotes off");
    expect(hints[3]).toBe("did you mean 'Always'?");
    expect(hints[5]).toBe("'image' belongs one level down, in 'container' or 'script'");
    expect(hints[8]).toBe("move it 2 levels up: 'entrypoint' is a field of spec");
  });

  it("says of a field that is one level too deep where it belongs", () => {
    const text = `apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: s}
spec:
  dependencies: [{name: d, eventSourceName: a, eventName: b}]
  triggers:
  - template:
      name: t
      log: {}
      atLeastOnce: true
`;

    expect(issuesOf(text)).toMatchObject([
      {
        code: "SPEC_FIELD_MISPLACED",
        path: "spec.triggers[0].template.atLeastOnce",
        line: 10,
        hint: "move it one level up: 'atLeastOnce' is a field of spec.triggers[0]",
      },
    ]);
  });

  it("treats a null field as absent, as Kubernetes does, but keeps nulls in free values", () => {
    const { manifests, issues } = loadManifests(
      workflow(
        "  entrypoint: a\n  arguments:\n  templates: [{name: a, steps: [[{name: x, withItems: [null, 1]}]]}]\n",
      ),
    );

    expect(issues).toEqual([]);
    expect(manifests[0]?.manifest).toMatchObject({
      spec: { templates: [{ steps: [[{ withItems: [null, 1] }]] }] },
    });
    expect(JSON.stringify(manifests[0]?.manifest)).not.toContain("arguments");
  });

  it("keeps numbers and booleans of parameters as the text that the incumbent makes of them", () => {
    const values =
      "[{name: a, value: 1.50}, {name: b, value: true}, {name: c, value: 1e21}, {name: d, value: [1]}]";
    const { manifests } = loadManifests(workflow(`  arguments: {parameters: ${values}}\n`));

    expect(manifests[0]?.manifest).toMatchObject({
      spec: {
        arguments: {
          parameters: [
            { value: "1.5" },
            { value: "true" },
            { value: "1000000000000000000000" },
            { value: "[1]" },
          ],
        },
      },
    });
  });
});

describe("kinds", () => {
  it("that do not exist get the nearest name; those of Kubernetes are skipped with a warning", () => {
    const text =
      "apiVersion: argoproj.io/v1alpha1\nkind: Workflw\n---\napiVersion: apps/v1\nkind: Deployment\n---\nkind: Sensor\n---\n[1]\n";

    expect(issuesOf(text)).toMatchObject([
      { code: "SPEC_KIND_UNKNOWN", severity: "error", line: 2, hint: "did you mean 'Workflow'?" },
      { code: "SPEC_KIND_SKIPPED", severity: "warning", line: 5 },
      { code: "SPEC_FIELD_MISSING", severity: "error" },
      { code: "SPEC_TYPE", severity: "error" },
    ]);
  });
});

describe("an API body", () => {
  it("may leave out apiVersion and kind, and its issues have paths without positions", () => {
    const good = parseWorkflow({ metadata: { name: "a" }, spec: { entrypoint: "x" } });
    const bad = parseWorkflow({ metadata: { name: "A_" }, spec: { entrypoint: 1 } });

    expect(good.value).toMatchObject({ kind: "Workflow", metadata: { name: "a" } });
    expect(bad.value).toBeUndefined();
    expect(bad.issues.map(({ path, line }) => ({ path, line }))).toEqual([
      { path: "metadata.name", line: undefined },
      { path: "spec.entrypoint", line: undefined },
    ]);
  });

  it("is refused when it is no object, too deep, or has keys that reach into objects", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];

    expect(parseWorkflow(deep).issues[0]?.code).toBe("SPEC_LIMIT");
    expect(parseWorkflow(JSON.parse('{"__proto__": {}}')).issues[0]?.code).toBe("SPEC_KEY_FORBIDDEN");
    expect(parseWorkflow("text").issues[0]?.code).toBe("SPEC_TYPE");
    expect(parseObject("Sensor", null).value).toBeUndefined();
  });

  it("reads what it gave back once more to the same value", () => {
    const once = parseWorkflow({
      spec: { arguments: { parameters: [{ name: "a", value: { k: [1, 2.5] } }] } },
    });

    expect(parseWorkflow(once.value).value).toEqual(once.value);
  });
});

describe("issues for people", () => {
  it("show the place, the line with a caret, and the hint", () => {
    const text = workflow("  entrypont: main\n");

    expect(formatIssues(issuesOf(text), { "f.yaml": text })).toBe(
      [
        'f.yaml:5:3  error  unknown field "spec.entrypont"  (SPEC_FIELD_UNKNOWN)  [spec.entrypont]',
        "    5 |   entrypont: main",
        "      |   ^",
        "      hint: did you mean 'entrypoint'?",
      ].join("\n"),
    );
  });

  it("make one coded error whose message is the first of them", () => {
    const error = SpecError.INVALID({ issues: issuesOf(workflow("  a: 1\n  b: 2\n")) });

    expect(error).toMatchObject({ code: "SPEC_INVALID", retry: "never" });
    expect(error.message).toBe('f.yaml:5:3: spec.a: unknown field "spec.a" (and 1 more)');
  });
});

describe("a big manifest", () => {
  it("of ten thousand templates is read in reasonable time", () => {
    const templates = Array.from(
      { length: 10_000 },
      (_, i) => `  - name: t${i}\n    container: {image: alpine, args: ["{{inputs.parameters.a}}"]}\n`,
    );
    const { manifests, issues } = loadManifests(
      workflow(`  entrypoint: t0\n  templates:\n${templates.join("")}`),
    );

    expect(issues).toEqual([]);
    expect(manifests).toHaveLength(1);
  }, 60_000);
});
