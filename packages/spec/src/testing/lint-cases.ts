// Manifests in a line each, and what must be said of them: the builders of the tables of lint's tests.
import { describe, expect, it } from "vitest";
import { lintManifests } from "../lint/index.ts";
import { loadManifests } from "../manifest.ts";

/** Errors of a workflow with this spec; what merely is not run yet does not count. */
export function errorsOf(spec: string, kind = "Workflow"): readonly string[] {
  const text = `apiVersion: argoproj.io/v1alpha1\nkind: ${kind}\nmetadata: {name: w}\nspec:\n${spec.replace(/^(?=.)/gm, "  ")}`;
  const { manifests, issues } = loadManifests(text, { file: "f.yaml" });
  return [...issues, ...lintManifests(manifests)]
    .filter(({ severity, code }) => severity === "error" && code !== "SPEC_UNSUPPORTED")
    .map(({ message }) => message);
}

export type Case = readonly [title: string, spec: string, text?: string];

export const templates = `templates:
- {name: echo, container: {image: alpine}}
- {name: say, inputs: {parameters: [{name: m}]}, container: {image: alpine, args: ["{{inputs.parameters.m}}"]}}
- {name: gives, container: {image: alpine}, outputs: {parameters: [{name: p, valueFrom: {path: /p}}], artifacts: [{name: a, path: /a}]}}
- {name: takes, inputs: {artifacts: [{name: a, path: /a}]}, container: {image: alpine}}
- {name: script, script: {image: alpine, source: "echo 1"}}
- {name: wait, suspend: {}}
`;
export const main = (body: string): string =>
  `entrypoint: main\n${templates}- name: main\n${body.replace(/^(?=.)/gm, "  ")}`;
export const only = (template: string): string => `entrypoint: t\ntemplates:\n- {name: t, ${template}}\n`;
export const steps = (...groups: string[]): string =>
  main(`steps:\n${groups.map((group) => `- [${group}]`).join("\n")}`);
export const tasks = (...list: string[]): string => main(`dag: {tasks: [${list.join(", ")}]}`);
export const arg = (value: string): string => `arguments: {parameters: [{name: m, value: "${value}"}]}`;
export const leaf = (rest: string): string => only(`container: {image: a}, ${rest}`);
export const out = (parameter: string, body = "container: {image: a}"): string =>
  only(`${body}, outputs: {parameters: [${parameter}]}`);

/** Runs a table: cases with a text must have an error that contains it, cases without may have none. */
export function lintTable(title: string, cases: readonly Case[]): void {
  describe(`lint of ${title}`, () => {
    for (const [name, spec, text] of cases) {
      it(`${text === undefined ? "takes" : "refuses"} ${name}`, () => {
        const errors = errorsOf(spec);
        if (text === undefined) expect(errors).toEqual([]);
        else expect(errors.some((error) => error.includes(text)) || errors).toBe(true);
      });
    }
  });
}
