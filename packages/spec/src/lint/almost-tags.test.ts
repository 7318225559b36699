import { describe, expect, test } from "vitest";
import { loadManifests } from "../manifest.ts";
import { cronHint } from "./almost-tags.ts";
import { lintManifests } from "./index.ts";

/** What lint says of a container's argument, `severity: message: hint` each, with the column in the text. */
function saidOf(argument: string): readonly string[] {
  const head =
    "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a}\nspec:\n  entrypoint: a\n";
  const inputs = "inputs: {parameters: [{name: x, value: 1}]}";
  const before = `  templates: [{name: a, ${inputs}, container: {image: b, args: [`;
  const text = `${head}${before}${JSON.stringify(argument)}]}}]\n`;
  const { manifests } = loadManifests(text, { file: "f.yaml" });
  return lintManifests(manifests).map(
    ({ severity, message, hint, col }) =>
      `${(col ?? 0) - before.length - 2} ${severity}: ${message}: ${hint}`,
  );
}

describe("a text that looks like a tag", () => {
  test.each([
    ["a {{input.parameters.x}}", "2", "{{input.parameters.x}} is no variable", "did you mean 'inputs'?"],
    ["{{step.a.outputs.result}}", "0", "{{step.a.outputs.result}} is no variable", "did you mean 'steps'?"],
    ["{{worfklow.name}}", "0", "{{worfklow.name}} is no variable", "did you mean 'workflow'?"],
    ["{{cronworkflow.name}}", "0", "{{cronworkflow.name}} is no variable", cronHint],
    ["a {{inputs.parameters.x} b", "2", "the tag is not closed", "close it with '}}'"],
    ["{{=inputs.parameters.x", "0", "the tag is not closed", "close it with '}}'"],
  ])("%s is a warning", (text, column, message, hint) => {
    expect(saidOf(text)).toEqual([
      `${column} warning: ${message}: it stays in the text as it is written: ${hint}`,
    ]);
  });

  test.each([
    "{{inputs.parameters.x}}{{=map([1], {# + 1})}} {{= {'a': inputs.parameters.x} }}",
    "{{ .Values.inputs }} {{ input.x }} {{ user.status }} {{works}} {{stepx}}",
    '{{- with secret "{{inputs.parameters.x}}" -}}',
    "awk '{{print $1}}' {{",
  ])("%s is not", (text) => {
    expect(saidOf(text)).toEqual([]);
  });
});

test("a tag without quotes is a map to YAML: the hint says what to do", () => {
  const { issues } = loadManifests("a: {{workflow.name}}\n", { file: "f.yaml" });
  expect(issues[0]?.hint).toBe('quote it: a text with a tag in front is "{{…}}"');
});
