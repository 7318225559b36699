// `sluice test`: tests of workflows against mocked step results, in virtual time.
import { writeFile } from "node:fs/promises";
import { messageOf } from "@sluice/base";
import {
  formatIssues,
  hasErrors,
  loadWorkflowTests,
  type Mock,
  type TestCase,
  type WorkflowTest,
} from "@sluice/spec";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { junit, type TestResult } from "../../render/junit.ts";
import { listManifestFiles, readBounded } from "../manifests/manifest-files.ts";
import { judge } from "./judge.ts";
import { type Loaded, loadBeside, manifestsBeside, submittedAt } from "./load.ts";
import { runSimulation } from "./run.ts";

export interface TestOptions {
  readonly junit?: string;
  /** Only tests whose name has this text. */
  readonly testName?: string;
}

const isTestFile = (path: string): boolean => /[.-]test\.ya?ml$/.test(path);

/** Errors: CLI_TESTS_FAILED, CLI_INVALID_MANIFESTS, CLI_NOTHING_FOUND. */
export async function test(
  context: CliContext,
  paths: readonly string[],
  options: TestOptions,
): Promise<void> {
  const startedAt = context.clock.monotonic();
  const results: TestResult[] = [];
  for (const file of await testFiles(paths))
    for (const tests of await readTests(context, file))
      for await (const result of runFile(context, file, tests, options)) {
        results.push(result);
        if (!context.json) print(context, result);
      }
  if (results.length === 0) throw CliError.NOTHING_FOUND({ wanted: "test", where: paths.join(", ") });
  if (options.junit !== undefined) await writeJunit(options.junit, results);
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  const ms = Math.round(context.clock.monotonic() - startedAt);
  if (context.json)
    context.out(JSON.stringify({ passed: results.length - failed, failed, ms, tests: results }, null, 2));
  else context.out(`\n${results.length - failed} passed, ${failed} failed  (${ms} ms)`);
  if (failed > 0) throw CliError.TESTS_FAILED({ failed, count: results.length });
}

/** Folders are searched for `*.test.yaml`; a file that is named is taken as it is. */
async function testFiles(paths: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const listed = await listManifestFiles(path);
    files.push(...(listed.length === 1 && listed[0] === path ? listed : listed.filter(isTestFile)));
  }
  if (files.length === 0)
    throw CliError.NOTHING_FOUND({ wanted: "file *.test.yaml", where: paths.join(", ") });
  return files;
}

async function readTests(context: CliContext, file: string): Promise<readonly WorkflowTest[]> {
  const text = await readBounded(file);
  const { tests, issues } = loadWorkflowTests(text, { file });
  if (issues.length > 0) context.note(formatIssues(issues, { [file]: text }));
  if (hasErrors(issues))
    throw CliError.INVALID_MANIFESTS({ count: issues.filter(({ severity }) => severity === "error").length });
  return tests;
}

async function* runFile(
  context: CliContext,
  file: string,
  tests: WorkflowTest,
  { testName }: TestOptions,
): AsyncGenerator<TestResult> {
  const loaded = await loadedFor(context, file, tests);
  for (const one of tests.tests) {
    if (testName !== undefined && !one.name.includes(testName)) continue;
    const at = context.clock.monotonic();
    const outcome = await runOne(loaded, tests, one);
    yield { file, name: one.name, ms: context.clock.monotonic() - at, ...outcome };
  }
}

async function loadedFor(context: CliContext, file: string, tests: WorkflowTest): Promise<Loaded> {
  const { workflow, files = [] } = tests;
  if (typeof workflow === "string") return loadBeside(context, file, workflow, files);
  const beside = files.length === 0 ? [] : await manifestsBeside(context, file, files);
  return { workflow, others: beside.map(({ manifest }) => manifest) };
}

async function runOne(
  loaded: Loaded,
  { mocks = [] }: WorkflowTest,
  one: TestCase,
): Promise<Pick<TestResult, "failures" | "warnings">> {
  const own = one.mocks ?? [];
  try {
    const { simulated, mocks: asked } = await runSimulation({
      loaded,
      arguments: one.arguments ?? {},
      mocks: [...own, ...mocks],
      commands: one.commands ?? [],
      at: submittedAt,
    });
    const wrong = judge(simulated, one.expect);
    const { message } = simulated.workflow.status;
    const failures =
      wrong.length === 0 || message === undefined
        ? wrong
        : [...wrong, `the workflow's message: '${message}'`];
    return { failures, warnings: asked.idle(own).map(idleText) };
  } catch (error) {
    return { failures: [messageOf(error)], warnings: [] };
  }
}

/** Mocks of a file are for all of its tests; one that a test has for itself is there to be used. */
function idleText({ template, node, attempt }: Mock): string {
  const asked = Object.entries({ template, node, attempt }).filter(([, value]) => value !== undefined);
  return `no step matched the mock of ${asked.map(([key, value]) => `${key} '${value}'`).join(", ") || "any step"}`;
}

function print({ out, palette }: CliContext, { file, name, failures, warnings, ms }: TestResult): void {
  const mark = failures.length === 0 ? palette.good("✔") : palette.bad("✖");
  out(`${mark} ${name}  ${palette.dim(`${file} ${ms.toFixed(1)} ms`)}`);
  for (const failure of failures) out(`    ${failure}`);
  for (const warning of warnings) out(palette.warn(`    warning: ${warning}`));
}

async function writeJunit(file: string, results: readonly TestResult[]): Promise<void> {
  try {
    await writeFile(file, junit(results));
  } catch (error) {
    throw CliError.FILE_UNWRITABLE({ file, reason: messageOf(error) }, error);
  }
}
