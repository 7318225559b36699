import { describe, expect, it } from "vitest";
import { lintManifests } from "../lint/index.ts";
import { loadManifests } from "../manifest.ts";

const workflow = (spec: string): string =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: a-}\nspec:\n${spec}`;

/** What lint says beyond what loading said. */
function besides(text: string): readonly string[] {
  const { mended } = loadManifests(text);
  return lintManifests(mended).map(({ line, message }) => `${line} ${message}`);
}

describe("a document with fields that do not fit", () => {
  it("is looked at without them, and never taken as whole", () => {
    const text = workflow(
      '  entrypoint: nope\n  parallelism: many\n  templates:\n  - {name: t, container: {image: a, foo: 1, args: ["{{inputs.parameters.x}}"]}}\n',
    );

    expect(loadManifests(text).manifests).toEqual([]);
    expect(besides(text)).toEqual([
      "5 spec.entrypoint template name 'nope' undefined",
      "8 failed to resolve {{inputs.parameters.x}}",
    ]);
  });

  it("is read as it was likely meant where a field is misspelt", () => {
    const text = workflow(
      '  entrypoint: t\n  templates:\n  - name: t\n    inptus: {parameters: [{name: x, value: y}]}\n    container: {image: a, args: ["{{inputs.parameters.x}}"]}\n  - {name: u, steps: [[{name: s, templte: t}]]}\n  - {name: v, steps: [[{name: s, template: w}]]}\n',
    );

    expect(besides(text)).toEqual(["11 templates.v.steps[0].s template name 'w' undefined"]);
  });

  it.each([
    [
      "a list that is a map",
      workflow("  entrypoint: t\n  arguments: {parameters: {a: b}}\n  templates: []\n"),
    ],
    ["an item of a list", workflow("  entrypoint: t\n  templates: [7]\n")],
    ["what must be there", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a}\n"],
    [
      "a field in the wrong place",
      workflow("  entrypoint: t\n  template: x\n  steps: []\n  templates: []\n"),
    ],
  ])("is not guessed at for %s", (_, text) => {
    const { manifests, mended, issues } = loadManifests(text);

    expect(issues.some(({ severity }) => severity === "error")).toBe(true);
    expect(manifests).toEqual([]);
    expect(mended.flatMap((one) => lintManifests([one]))).toEqual([]);
  });
});
