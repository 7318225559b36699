// Manifests and small words for the tests of the command line.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { CommandResult, SluiceProcess } from "./sluice-process.ts";

/** Prints its parameter `who`; another entry point, `fail`, exits with 3; a third, `ask`, waits for a person. */
export const greet = (name: string): string => `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { generateName: ${name}-, labels: { team: blue } }
spec:
  entrypoint: hello
  arguments: { parameters: [{ name: who, value: world }] }
  templates:
    - name: hello
      inputs: { parameters: [{ name: who, value: "{{workflow.parameters.who}}" }] }
      container:
        image: alpine:3.6
        env: [{ name: WHO, value: "{{inputs.parameters.who}}" }]
        command: [sh, -c]
        args: ['echo first; echo "hello $WHO"']
    - name: fail
      container: { image: alpine:3.6, command: [sh, -c], args: ["exit 3"] }
    - name: ask
      steps:
        - - { name: approve, template: wait }
        - - name: say
            template: hello
            arguments: { parameters: [{ name: who, value: "{{steps.approve.outputs.parameters.by}}" }] }
    - name: wait
      suspend: {}
      outputs: { parameters: [{ name: by, valueFrom: { supplied: {} } }] }
    - name: long
      container: { image: alpine:3.6, command: [sh, -c], args: ["exec sleep 600"] }
`;

/** Line 5 and line 8 are wrong. */
export const broken = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { generateName: broken- }
spec:
  entrypont: hello
  templates:
    - name: hello
      container: { image: "alpine:3.6", comand: [sh] }
`;

export async function write(sluice: SluiceProcess, name: string, text: string): Promise<string> {
  await writeFile(join(sluice.folder, name), text);
  return name;
}

/** The whole of stdout as one JSON value: anything else beside it would not parse. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever shape came
export function jsonOf(result: CommandResult): any {
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout);
}

/** One JSON value a line. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever shape came
export function jsonLinesOf(result: CommandResult): any[] {
  return result.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}
