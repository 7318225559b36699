// Reading and checking manifests: `sluice lint`, and the first step of submit and apply.
import {
  formatIssues,
  hasErrors,
  type Issue,
  inTextOrder,
  type KnownTemplates,
  knownTemplates,
  type LintPurpose,
  type LoadedManifest,
  type LoadOptions,
  lintManifests,
  loadManifests,
  refersOutside,
} from "@sluice/spec";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { kindSchemas } from "../../kinds.ts";
import { kindsOf } from "./kind-names.ts";
import { type ManifestText, readManifestFiles } from "./manifest-files.ts";

export interface LintOptions {
  readonly offline?: boolean;
  readonly strict?: boolean;
  /** Default: json with the global --json, else pretty. */
  readonly output?: "pretty" | "simple" | "json";
  /** Only these kinds are looked at, by name or short name, comma-separated; default all. */
  readonly kinds?: string;
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
  const kinds = options.kinds === undefined ? undefined : kindsOf(options.kinds);
  const checked = await check(context, texts, {
    where: options.offline === true ? "offline" : "server",
    purpose: "lint",
    kinds,
  });
  const issues =
    options.offline === true
      ? checked.issues
      : [...checked.issues, ...(await serverIssues(context, checked))];
  const errors = issues.filter((issue) => issue.severity === "error" || options.strict === true).length;
  const output = options.output ?? (context.json ? "json" : "pretty");
  if (output === "json") context.out(JSON.stringify({ errors, issues }, null, 2));
  else if (output === "simple") for (const issue of issues) context.out(simpleLine(issue));
  else if (issues.length > 0) context.out(formatIssues(issues, checked.sources));
  if (errors > 0) throw CliError.LINT_FAILED({ count: errors });
  const counted = checked.loaded.length;
  if (counted === 0) throw CliError.NOTHING_TO_LINT({ where: files.join(", ") });
  if (output === "json") return;
  const warnings =
    issues.length === 0 ? "" : `, ${issues.length} ${issues.length === 1 ? "warning" : "warnings"}`;
  context.out(`${counted} ${counted === 1 ? "manifest" : "manifests"}${warnings}, no linting errors found!`);
}

const simpleLine = ({ file, line, col, severity, message, code }: Issue): string =>
  `${file ?? ""}:${line ?? 0}:${col ?? 0}: ${severity}: ${message} (${code})`;

/** With `server`, what the manifests refer to is looked up where it is applied. */
export type LookUp = "offline" | "server";

interface CheckOptions extends Pick<LoadOptions, "kinds" | "rewrite"> {
  readonly where: LookUp;
  readonly purpose: LintPurpose;
}

async function check(
  context: CliContext,
  texts: readonly ManifestText[],
  { where, purpose, kinds, rewrite }: CheckOptions,
): Promise<Checked> {
  const results = texts.map(({ file, text }) => loadManifests(text, { file, kinds, rewrite }));
  const loaded = results.flatMap((result) => result.manifests);
  const under = where === "server" ? await knownTo(context, loaded) : undefined;
  // What is passed over is there all the same for those who refer to it.
  const all = kinds === undefined ? loaded : texts.flatMap(({ text }) => loadManifests(text).manifests);
  const options = {
    purpose,
    kinds: kindSchemas(),
    namespace: context.namespace,
    known: knownTemplates(
      all.map(({ manifest }) => manifest),
      context.namespace,
      under,
    ),
  };
  const mended = results.flatMap((result) => result.mended);
  const found = [
    ...results.flatMap((result) => result.issues),
    ...lintManifests([...loaded, ...mended], options),
  ];
  const issues = texts.flatMap(({ file }) => inTextOrder(found.filter((issue) => issue.file === file)));
  return { loaded, issues, sources: Object.fromEntries(texts.map(({ file, text }) => [file, text])) };
}

/** Nothing is asked for where nothing is referred to. */
async function knownTo(
  context: CliContext,
  loaded: readonly LoadedManifest[],
): Promise<KnownTemplates | undefined> {
  const referring = loaded.filter(({ manifest }) => refersOutside(manifest));
  if (referring.length === 0) return undefined;
  const { appliedTemplates } = await import("../templates/applied.ts");
  const namespaces = referring.map(({ manifest }) => manifest.metadata.namespace ?? context.namespace);
  return appliedTemplates(context, new Set(namespaces));
}

/** What only the server knows: references to what is applied there. Workflows whose text is fine are sent to it. */
async function serverIssues(context: CliContext, checked: Checked): Promise<readonly Issue[]> {
  if (hasErrors(checked.issues)) return [];
  const found: Issue[] = [];
  for (const { manifest, document } of checked.loaded) {
    // What it refers to was looked up, and may be in these files only.
    if (manifest.kind !== "Workflow" || refersOutside(manifest)) continue;
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
  options: Partial<CheckOptions> = {},
): Promise<readonly LoadedManifest[]> {
  const texts = await readManifestFiles(files);
  const checked = await check(context, texts, { where: "offline", purpose: "run", ...options });
  if (checked.issues.length > 0 && !context.json) context.note(formatIssues(checked.issues, checked.sources));
  const errors = checked.issues.filter((issue) => issue.severity === "error").length;
  if (errors > 0) throw CliError.INVALID_MANIFESTS({ count: errors });
  return checked.loaded;
}

/** As `checkedManifests`, in the form in which they were written, or rewritten. */
export async function checkedDocuments(
  context: CliContext,
  files: readonly string[],
  options: Partial<CheckOptions> = {},
): Promise<readonly CheckedDocument[]> {
  const manifests = await checkedManifests(context, files, { where: "server", ...options });
  return manifests.map(({ manifest, document }) => ({ kind: manifest.kind, manifest: document.json }));
}
