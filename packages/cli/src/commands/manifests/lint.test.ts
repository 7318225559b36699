import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeContext } from "../../context.ts";
import { type LintOptions, lint } from "./lint.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-lint-"));
  file = join(folder, "two.yaml");
  await writeFile(file, both);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const both = `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: broken}
spec:
  entrypoints: good
  templates:
  - {container: {image: a}}
  - {name: good, container: {image: a}}
---
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  schedules: ["@daily"]
  workflowSpec:
    entrypoint: main
    templates:
    - {name: main, steps: [[{name: s, templateRef: {name: broken, template: good}}]]}
`;

interface Outcome {
  readonly out: string;
  readonly error?: { readonly code: string; readonly message: string };
}

async function linted(options: LintOptions, json = false): Promise<Outcome> {
  const lines: string[] = [];
  const context = {
    ...makeContext({ json }, {}, new AbortController().signal),
    out: (text: string) => void lines.push(text),
  };
  try {
    await lint(context, [file], { offline: true, ...options });
    return { out: lines.join("\n") };
  } catch (error) {
    return { out: lines.join("\n"), error: error as { code: string; message: string } };
  }
}

describe("lint of a file with two kinds", () => {
  test("lists all that is wrong in the order of the text, and counts it", async () => {
    const { out, error } = await linted({ output: "simple" });

    expect(out.split("\n")).toEqual([
      `${file}:5:3: error: unknown field "spec.entrypoints" (SPEC_FIELD_UNKNOWN)`,
      `${file}:7:5: error: spec.templates[0].name is required (SPEC_NAME)`,
    ]);
    expect(error).toMatchObject({ code: "CLI_LINT_FAILED", message: "2 linting errors found!" });
  });

  test("gives the same as JSON, each with its place and hint", async () => {
    const { out } = await linted({}, true);
    const { errors, issues } = JSON.parse(out) as { errors: number; issues: Record<string, unknown>[] };

    expect(errors).toBe(2);
    expect(issues[0]).toEqual({
      code: "SPEC_FIELD_UNKNOWN",
      severity: "error",
      message: 'unknown field "spec.entrypoints"',
      hint: "did you mean 'entrypoint'?",
      path: "spec.entrypoints",
      file,
      line: 5,
      col: 3,
    });
  });

  test("looks at the kinds that are asked for alone, by name or short name", async () => {
    const cron = await linted({ kinds: "cronwf" });
    expect(cron.error).toBeUndefined();
    expect(cron.out).toContain("no linting errors found!");
    expect((await linted({ kinds: "CronWorkflows,wftmpl" })).error).toMatchObject({
      code: "CLI_LINT_FAILED",
    });
    expect((await linted({ kinds: "wf" })).error).toMatchObject({
      code: "CLI_NOTHING_TO_LINT",
      message: expect.stringContaining("found nothing to lint in the specified paths, failing..."),
    });
    expect((await linted({ kinds: "pods" })).error).toMatchObject({ code: "CLI_USAGE" });
  });
});
