// Reading and checking manifests: `sluice lint`, and the first step of submit and apply.
import {
  formatIssues,
  hasErrors,
  type Issue,
  type LoadedManifest,
  lintManifests,
  loadManifests,
} from "@sluice/spec";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { kindSchemas } from "../../kinds.ts";
import { type ManifestText, readManifestFiles } from "./manifest-files.ts";

export interface LintOptions {
  readonly offline?: boolean;
  readonly strict?: boolean;
  readonly format: "pretty" | "simple";
}

interface Checked {
  readonly loaded: readonly LoadedManifest[];
  readonly issues: readonly Issue[];
  readonly sources: Readonly<Record<string, string>>;
}

export async function lint(
  context: CliContext,
  files: readonly string[],
  options: LintOptions,
): Promise<void> {
  const texts = await readManifestFiles(files);
  const checked = check(texts);
  const issues =
    options.offline === true
      ? checked.issues
      : [...checked.issues, ...(await serverIssues(context, checked))];
  const errors = issues.filter((issue) => issue.severity === "error" || options.strict === true).length;
  if (context.json) context.out(JSON.stringify({ errors, issues }, null, 2));
  else if (options.format === "simple")
    for (const issue of issues)
      context.out(
        `${issue.file ?? ""}:${issue.line ?? 0}:${issue.col ?? 0}: ${issue.severity}: ${issue.message} (${issue.code})`,
      );
  else if (issues.length > 0) context.out(formatIssues(issues, checked.sources));
  if (errors > 0) throw CliError.INVALID_MANIFESTS({ count: errors });
  if (checked.loaded.length === 0)
    throw CliError.NOTHING_FOUND({ wanted: "manifest of Sluice's", where: files.join(", ") });
  if (!context.json)
    context.out(
      `${checked.loaded.length} ${checked.loaded.length === 1 ? "manifest" : "manifests"}, no linting errors found`,
    );
}

function check(texts: readonly ManifestText[]): Checked {
  const results = texts.map(({ file, text }) => loadManifests(text, { file }));
  const loaded = results.flatMap((result) => result.manifests);
  const issues = [
    ...results.flatMap((result) => result.issues),
    ...lintManifests(loaded, { kinds: kindSchemas() }),
  ];
  return { loaded, issues, sources: Object.fromEntries(texts.map(({ file, text }) => [file, text])) };
}

/** What only the server knows: references to what is applied there. Workflows whose text is fine are sent to it. */
async function serverIssues(context: CliContext, checked: Checked): Promise<readonly Issue[]> {
  if (hasErrors(checked.issues)) return [];
  const found: Issue[] = [];
  for (const { manifest, document } of checked.loaded) {
    if (manifest.kind !== "Workflow") continue;
    try {
      await context.client.request("POST", `/api/v1/workflows/${context.namespace}/lint`, {
        body: { workflow: manifest },
      });
    } catch (error) {
      const issues = issuesOf(error);
      if (issues === undefined) throw error;
      const known = new Set(checked.issues.map((issue) => `${issue.code} ${issue.path}`));
      found.push(
        ...issues
          .filter((issue) => !known.has(`${issue.code} ${issue.path}`))
          .map((issue) => ({ ...issue, ...(document.file === undefined ? {} : { file: document.file }) })),
      );
    }
  }
  return found;
}

function issuesOf(error: unknown): readonly Issue[] | undefined {
  if (typeof error !== "object" || error === null || !("details" in error)) return undefined;
  const details = error.details as { readonly issues?: readonly Issue[] };
  return Array.isArray(details.issues) ? details.issues : undefined;
}

export interface CheckedDocument {
  readonly kind: string;
  /** As it was written, for the server to read again. */
  readonly manifest: unknown;
}

/** Reads and checks manifests; prints what is wrong. Errors: CLI_INVALID_MANIFESTS, CLI_FILE_UNREADABLE. */
export async function checkedManifests(
  context: CliContext,
  files: readonly string[],
): Promise<readonly LoadedManifest[]> {
  const checked = check(await readManifestFiles(files));
  if (checked.issues.length > 0 && !context.json) context.note(formatIssues(checked.issues, checked.sources));
  const errors = checked.issues.filter((issue) => issue.severity === "error").length;
  if (errors > 0) throw CliError.INVALID_MANIFESTS({ count: errors });
  return checked.loaded;
}

/** As `checkedManifests`, in the form in which they were written. */
export async function checkedDocuments(
  context: CliContext,
  files: readonly string[],
): Promise<readonly CheckedDocument[]> {
  const manifests = await checkedManifests(context, files);
  return manifests.map(({ manifest, document }) => ({ kind: manifest.kind, manifest: document.json }));
}
