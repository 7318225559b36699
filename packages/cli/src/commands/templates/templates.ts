// `sluice template` and `sluice cluster-template`: create, update, lint, list, get, delete.
import { formatDuration } from "@sluice/base";
import { type TemplateKind, type TemplateObject, templatesPath } from "../../client/template-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { labelled, renderTable } from "../../render/table.ts";
import { oneLine } from "../../render/text.ts";
import { checkedDocuments, type LintOptions, lint } from "../manifests/lint.ts";
import { formatted, type OutputFormat } from "../output.ts";

interface Output {
  readonly output?: OutputFormat;
}

const wordOf = (kind: TemplateKind): string =>
  kind === "WorkflowTemplate" ? "workflow template" : "cluster workflow template";

const pathOf = (kind: TemplateKind, context: CliContext, name: string): string =>
  `${templatesPath(kind, context.namespace)}/${encodeURIComponent(name)}`;

export const create =
  (kind: TemplateKind) => (context: CliContext, files: readonly string[], options: Output) =>
    send(kind, context, { files, options, verb: "created" });

export const update =
  (kind: TemplateKind) => (context: CliContext, files: readonly string[], options: Output) =>
    send(kind, context, { files, options, verb: "updated" });

interface Sending {
  readonly files: readonly string[];
  readonly options: Output;
  readonly verb: "created" | "updated";
}

/** Sends every template of the files. What was stored before one that is refused stays, and is said. */
async function send(
  kind: TemplateKind,
  context: CliContext,
  { files, options, verb }: Sending,
): Promise<void> {
  const checked = await checkedDocuments(context, files, { purpose: "apply" });
  const documents = checked.filter((document) => document.kind === kind);
  if (documents.length === 0) throw CliError.NOTHING_FOUND({ wanted: kind, where: files.join(", ") });
  const stored: TemplateObject[] = [];
  try {
    for (const { manifest } of documents) {
      const template = manifest as TemplateObject;
      const inNamespace = { ...context, namespace: template.metadata.namespace ?? context.namespace };
      const answer = await context.client.request<TemplateObject>(
        verb === "created" ? "POST" : "PUT",
        verb === "created"
          ? templatesPath(kind, inNamespace.namespace)
          : pathOf(kind, inNamespace, template.metadata.name),
        { body: { template } },
      );
      stored.push(answer);
      if (!isJson(context, options))
        await say(context, answer, options, `${wordOf(kind)} ${answer.metadata.name} ${verb}`);
    }
  } finally {
    if (isJson(context, options) && stored.length > 0)
      context.out(JSON.stringify(oneOrMany(stored), null, 2));
  }
}

const isJson = (context: CliContext, { output }: Output): boolean => context.json || output === "json";
const oneOrMany = <T>(values: readonly T[]): T | readonly T[] =>
  values.length === 1 ? (values[0] as T) : values;

async function say(
  context: CliContext,
  object: TemplateObject,
  { output }: Output,
  words: string,
): Promise<void> {
  const text = await formatted(object, output, false);
  context.out(text ?? (output === "name" ? object.metadata.name : `${words}\n${details(context, object)}`));
}

/** Argo's lines: where it is, and since when. */
function details(context: CliContext, { metadata, spec }: TemplateObject): string {
  const { name, namespace, creationTimestamp = "" } = metadata;
  const age = formatDuration(Math.max(0, context.clock.now() - Date.parse(creationTimestamp)));
  return labelled([
    ["Name:", name],
    ...(namespace === undefined ? [] : ([["Namespace:", namespace]] as const)),
    ["Created:", `${creationTimestamp} (${age} ago)`],
    ["Entrypoint:", spec.entrypoint ?? "none"],
  ]);
}

export const lintTemplates =
  (kind: TemplateKind) =>
  (context: CliContext, files: readonly string[], options: Omit<LintOptions, "kinds">): Promise<void> =>
    lint(context, files, { ...options, kinds: kind });

export const list =
  (kind: TemplateKind) =>
  async (
    context: CliContext,
    _args: readonly string[],
    options: Output & { readonly allNamespaces?: boolean; readonly selector?: string },
  ): Promise<void> => {
    const namespace = options.allNamespaces === true ? undefined : context.namespace;
    const { items } = await context.client.request<{ readonly items: readonly TemplateObject[] }>(
      "GET",
      templatesPath(kind, namespace),
      { query: { "listOptions.labelSelector": options.selector } },
    );
    const text = await formatted(items, options.output, context.json);
    if (text !== undefined) context.out(text);
    else if (options.output === "name") for (const { metadata } of items) context.out(metadata.name);
    else if (items.length === 0)
      context.note(
        `no ${wordOf(kind)}s${namespace === undefined || kind === "ClusterWorkflowTemplate" ? "" : ` in namespace '${namespace}'`}`,
      );
    else context.out(table(context, kind, items));
  };

function table(context: CliContext, kind: TemplateKind, items: readonly TemplateObject[]): string {
  const isNamespaced = kind === "WorkflowTemplate";
  const rows = items.map(({ metadata, spec }) => [
    ...(isNamespaced ? [metadata.namespace ?? ""] : []),
    metadata.name,
    spec.entrypoint ?? "",
    String(spec.templates?.length ?? 0),
    formatDuration(Math.max(0, context.clock.now() - Date.parse(metadata.creationTimestamp ?? ""))),
  ]);
  const header = [...(isNamespaced ? ["NAMESPACE"] : []), "NAME", "ENTRYPOINT", "TEMPLATES", "AGE"];
  return renderTable(header, rows, context.width);
}

/** With what a run of it may be given. */
function wideView(context: CliContext, kind: TemplateKind, object: TemplateObject): string {
  const parameters = object.spec.arguments?.parameters ?? [];
  const head = table(context, kind, [object]);
  if (parameters.length === 0) return head;
  const rows = parameters.map(({ name, value, default: otherwise, enum: choices, description }) => [
    oneLine(name, 60),
    value === undefined && otherwise === undefined
      ? context.palette.warn("(needed)")
      : oneLine(value ?? otherwise ?? "", 60),
    oneLine((choices ?? []).join(", "), 80),
    oneLine(description ?? "", 120),
  ]);
  return `${head}\n\n${renderTable(["PARAMETER", "VALUE", "ONE OF", "DESCRIPTION"], rows, context.width)}`;
}

export const get =
  (kind: TemplateKind) =>
  async (context: CliContext, names: readonly string[], options: Output): Promise<void> => {
    const found: TemplateObject[] = [];
    for (const name of names)
      found.push(await context.client.request<TemplateObject>("GET", pathOf(kind, context, name)));
    if (isJson(context, options)) context.out(JSON.stringify(oneOrMany(found), null, 2));
    else if (options.output === "name") for (const { metadata } of found) context.out(metadata.name);
    else if (options.output === "wide")
      context.out(found.map((object) => wideView(context, kind, object)).join("\n\n"));
    else if (options.output === "yaml") {
      const texts = await Promise.all(found.map((object) => formatted(object, "yaml", false)));
      context.out(texts.join("\n---\n"));
    } else context.out(found.map((object) => details(context, object)).join("\n\n"));
  };

export const remove =
  (kind: TemplateKind) =>
  async (
    context: CliContext,
    given: readonly string[],
    options: { readonly all?: boolean },
  ): Promise<void> => {
    if (given.length === 0 && options.all !== true)
      throw CliError.USAGE({ problem: "name what to delete, or say --all" });
    const names = options.all === true ? await everyName(kind, context) : given;
    const deleted: string[] = [];
    try {
      for (const name of names) {
        await context.client.request("DELETE", pathOf(kind, context, name));
        deleted.push(name);
        if (!context.json) context.out(`${wordOf(kind)} ${name} deleted`);
      }
    } finally {
      if (context.json) context.out(JSON.stringify(deleted.map((name) => ({ name, deleted: true }))));
    }
  };

async function everyName(kind: TemplateKind, context: CliContext): Promise<readonly string[]> {
  const { items } = await context.client.request<{ readonly items: readonly TemplateObject[] }>(
    "GET",
    templatesPath(kind, context.namespace),
  );
  return items.map(({ metadata }) => metadata.name);
}
