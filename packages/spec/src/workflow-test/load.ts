import { isObject } from "@sluice/base";
import { type Issue, type IssueSink, inTextOrder, makeIssueSink } from "../issue.ts";
import { checkShape } from "../schema/check.ts";
import { type ParsedDocument, type ParseOptions, parseManifests } from "../yaml/parse.ts";
import { type Mock, WorkflowTest } from "./schema.ts";

export interface LoadedTests {
  readonly tests: readonly WorkflowTest[];
  readonly issues: readonly Issue[];
}

/** Text to test files: every document that fits, and everything that is wrong with the others. */
export function loadWorkflowTests(text: string, options: ParseOptions = {}): LoadedTests {
  const parsed = parseManifests(text, options);
  const issues: Issue[] = [...parsed.issues];
  const tests: WorkflowTest[] = [];
  for (const document of parsed.documents) {
    const checked = checkWorkflowTest(document);
    issues.push(...checked.issues);
    if (checked.file !== undefined) tests.push(checked.file);
  }
  return { tests, issues };
}

export const isWorkflowTest = (json: unknown): boolean =>
  isObject(json) && json["kind"] === "WorkflowTest" && json["apiVersion"] === "sluice.dev/v1alpha1";

/** One document as a file of tests, with everything that is wrong with it. */
export function checkWorkflowTest(document: ParsedDocument): {
  readonly file: WorkflowTest | undefined;
  readonly issues: readonly Issue[];
} {
  const sink = makeIssueSink(document);
  const file = checkShape(WorkflowTest, document.json, sink);
  if (file !== undefined) lintTests(file, sink);
  return { file, issues: inTextOrder(sink.issues) };
}

function lintTests(file: WorkflowTest, sink: IssueSink): void {
  for (const [i, mock] of (file.mocks ?? []).entries()) lintMock(mock, ["mocks", i], sink);
  const names = new Set<string>();
  for (const [i, test] of file.tests.entries()) {
    if (names.has(test.name))
      sink.error("SPEC_NAME", ["tests", i, "name"], {
        message: `two tests are named '${test.name}'`,
        hint: "give each its own name",
      });
    names.add(test.name);
    for (const [m, mock] of (test.mocks ?? []).entries()) lintMock(mock, ["tests", i, "mocks", m], sink);
    if (Object.keys(test.expect).length === 0)
      sink.error("SPEC_FIELD_MISSING", ["tests", i, "expect"], {
        message: "it expects nothing, and so cannot fail",
        hint: "expect at least a phase: expect: { phase: Succeeded }",
      });
  }
}

function lintMock(mock: Mock, path: readonly (string | number)[], sink: IssueSink): void {
  if (mock.error !== undefined && (mock.exitCode !== undefined || mock.result !== undefined))
    sink.error("SPEC_VALUE", [...path, "error"], {
      message: "a step that ends as Error has neither exit code nor result",
      hint: "leave out 'error' for one that ran and failed, else 'exitCode' and 'result'",
    });
  if (mock.result !== undefined && mock.results !== undefined)
    sink.error("SPEC_VALUE", [...path, "results"], {
      message: "it has both 'result' and 'results'",
      hint: "'result' answers every step that matches, 'results' one after the other",
    });
  if (mock.forever === true && mock.duration !== undefined)
    sink.error("SPEC_VALUE", [...path, "forever"], {
      message: "it cannot last forever and have a duration",
      hint: "leave one of them out",
    });
}
