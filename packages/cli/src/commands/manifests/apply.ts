// Applying manifests through the API: one request a file, so that issues name file, line and column.
import { AppError, isObject } from "@sluice/base";
import { formatIssues, type Issue, loadManifests } from "@sluice/spec";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { type ManifestText, readManifestFiles } from "./manifest-files.ts";

export interface Applied {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly outcome: "created" | "configured" | "unchanged" | "accepted";
}

interface Answer {
  readonly results: readonly Applied[];
  readonly warnings: readonly Issue[];
}

export async function apply(
  context: CliContext,
  _args: readonly string[],
  options: { readonly filename: readonly string[] },
): Promise<void> {
  const applied: Applied[] = [];
  let complete = false;
  try {
    for (const text of await readManifestFiles(options.filename)) {
      const results = await applyTexts(context, [text]);
      applied.push(...results);
      if (!context.json)
        for (const { kind, name, outcome } of results) context.out(`${kind} ${name} ${outcome}`);
    }
    complete = true;
  } finally {
    // What was applied before a file that is wrong stays applied, and is said.
    if (context.json && (complete || applied.length > 0)) context.out(JSON.stringify(applied));
  }
}

/**
 * Applies every file; a file of Workflows alone is passed over with a word, since those are submitted.
 * Errors: CLI_INVALID_MANIFESTS after what is wrong was printed; files before the wrong one are applied.
 */
export async function applyTexts(
  context: CliContext,
  texts: readonly ManifestText[],
): Promise<readonly Applied[]> {
  const applied: Applied[] = [];
  for (const { file, text } of texts) {
    if (isOnlyWorkflows(text)) {
      context.note(`${file}: workflows are not applied but submitted: sluice submit ${file}`);
      continue;
    }
    try {
      const answer = await context.client.request<Answer>("POST", "/api/v1/sluice/apply", {
        query: { namespace: context.namespace },
        body: { manifests: text, file },
      });
      applied.push(...answer.results);
      if (answer.warnings.length > 0 && !context.json) context.note(formatIssues(answer.warnings, text));
    } catch (error) {
      throw explained(context, error, text);
    }
  }
  return applied;
}

function isOnlyWorkflows(text: string): boolean {
  const { manifests } = loadManifests(text);
  return manifests.length > 0 && manifests.every(({ manifest }) => manifest.kind === "Workflow");
}

/** Prints the issues that the server found, with the lines they are about. */
function explained(context: CliContext, error: unknown, text: string): unknown {
  if (!(error instanceof AppError) || error.code !== "SPEC_INVALID") return error;
  const { issues } = error.details;
  if (!Array.isArray(issues) || !issues.every(isObject)) return error;
  if (!context.json) context.note(formatIssues(issues as unknown as readonly Issue[], text));
  return CliError.INVALID_MANIFESTS({
    count: issues.filter((issue) => issue["severity"] === "error").length,
  });
}
