import { isObject, type Json } from "@sluice/base";
import type { WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { renderHead, renderWorkflow } from "../../render/workflow.ts";
import { checkedDocuments } from "../manifests/lint.ts";
import { formatted, pairsOf } from "../output.ts";
import { drawWorkflow, followWorkflow } from "./live-tree.ts";
import { printLogs } from "./logs.ts";
import { listPathOf } from "./names.ts";
import { nodeTestOf } from "./node-test.ts";
import { within } from "./selection.ts";
import {
  priorityOf,
  resourceOf,
  type SubmitOptions,
  submitOptionsOf,
  withParameterFile,
  withScheduledTime,
} from "./submit-from.ts";
import { endWith, viewOf } from "./workflow.ts";

/**
 * Submits every Workflow of the files, or one from what is applied; with --wait, --watch or --log the exit code tells
 * how they ended.
 */
export async function submit(
  context: CliContext,
  files: readonly string[],
  given: SubmitOptions,
): Promise<void> {
  if (given.strict === "false")
    throw CliError.USAGE({ problem: "--strict=false: a field that is not known is never passed over" });
  nodeTestOf(given);
  const options = withScheduledTime(await withParameterFile(given));
  const sends = await sendsOf(context, files, options);
  if (options.dryRun === true || options.serverDryRun === true) return printDrafts(context, sends, options);
  const json = context.json || options.output === "json";
  const submitted: WorkflowObject[] = [];
  try {
    for (const one of sends) {
      const workflow = await send(context, one);
      submitted.push(workflow);
      if (!json) await announce(context, workflow, options);
    }
  } finally {
    // Those that were started are said also when a later one was refused.
    if (json && (!follows(options) || submitted.length < sends.length)) printJson(context, submitted);
  }
  await followAll(context, submitted, options);
}

/** One submission: what is sent where. `draft` is what it is without a server; absent where only the server knows. */
interface Sending {
  readonly path: string;
  readonly body: object;
  readonly draft?: unknown;
}

async function sendsOf(
  context: CliContext,
  files: readonly string[],
  options: SubmitOptions,
): Promise<readonly Sending[]> {
  const path = listPathOf(context.namespace);
  const { from, dryRun, serverDryRun } = options;
  const dry = { ...(serverDryRun === true ? { serverDryRun } : {}) };
  if (from !== undefined) {
    if (files.length > 0) throw CliError.USAGE({ problem: "either --from or files, not both" });
    const tried = dryRun === true ? { dryRun } : dry;
    const body = { ...resourceOf(from), submitOptions: { ...submitOptionsOf(options), ...tried } };
    return [{ path: `${path}/submit`, body }];
  }
  if (files.length === 0)
    throw CliError.USAGE({ problem: "name manifests to submit, or what to submit --from" });
  const where = dryRun === true ? "offline" : "server";
  // Checked as they will be sent: an argument may have its value from the command line alone.
  const rewrite = (json: Json): Json =>
    isDraft(json) ? (withOverrides(json, options) as unknown as Json) : json;
  const documents = await checkedDocuments(context, files, { where, rewrite });
  const workflows = documents.filter(({ kind }) => kind === "Workflow");
  if (workflows.length === 0) throw CliError.NOTHING_FOUND({ wanted: "Workflow", where: files.join(", ") });
  return workflows.map(({ manifest }) => ({
    path,
    body: { workflow: manifest, ...dry },
    ...(dryRun === true ? { draft: manifest } : {}),
  }));
}

/** A Workflow as it was written. */
interface Draft {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A Workflow as far as the command line's wishes can be put into it; what else is wrong with it is said by its check. */
const isDraft = (json: unknown): json is Draft =>
  isObject(json) && json["kind"] === "Workflow" && isObject(json["metadata"] ?? {}) && isObject(json["spec"]);

/** A repeat of one request (a lost answer) starts nothing twice. */
const send = (context: CliContext, { path, body }: Sending): Promise<WorkflowObject> =>
  context.client.request<WorkflowObject>("POST", path, {
    body,
    headers: { "idempotency-key": context.random.id() },
  });

/** One object for one workflow, else a list: on one line. */
const printJson = (context: CliContext, workflows: readonly unknown[]): void =>
  context.out(JSON.stringify(workflows.length === 1 ? workflows[0] : workflows));

/** Without a server it has its name only where it is written. */
function draftName(draft: unknown): string {
  const { name, generateName } = ((draft as Draft).metadata ?? {}) as Record<string, string | undefined>;
  return name ?? generateName ?? "";
}

/** What would be submitted; where the server has to say it, it is asked. */
async function printDrafts(
  context: CliContext,
  sends: readonly Sending[],
  { output }: SubmitOptions,
): Promise<void> {
  const drafts: unknown[] = [];
  for (const one of sends) drafts.push(one.draft ?? (await send(context, one)));
  if (context.json || output === "json") return printJson(context, drafts);
  if (output === "name") return context.out(drafts.map(draftName).join("\n"));
  const texts = await Promise.all(drafts.map((draft) => formatted(draft, "yaml", false)));
  context.out(texts.join("\n---\n"));
}

type Follow = Pick<SubmitOptions, "watch" | "log" | "wait">;
export const follows = ({ watch, log, wait }: Follow): boolean =>
  watch === true || log === true || wait === true;

async function announce(
  context: CliContext,
  workflow: WorkflowObject,
  { output, ...follow }: Pick<SubmitOptions, "output"> & Follow,
): Promise<void> {
  const text = await formatted(workflow, output, false);
  if (text !== undefined) context.out(output === "yaml" ? `---\n${text}` : text);
  else if (output === "wide")
    context.out(renderWorkflow(workflow, viewOf(context, {}, { wide: true, ascii: false })));
  else if (output === "name") context.out(workflow.metadata.name);
  else {
    context.note(`workflow ${workflow.metadata.name} submitted`);
    if (!follows(follow))
      context.out(renderHead(workflow, viewOf(context, {}, { wide: false, ascii: false })));
  }
}

/** Follows each as was asked for. Errors: CLI_WORKFLOW_FAILED after all have ended, for the first that failed. */
export async function followAll(
  context: CliContext,
  workflows: readonly WorkflowObject[],
  options: Pick<SubmitOptions, "watch" | "log" | "wait" | "output" | "status" | "nodeFieldSelector">,
): Promise<void> {
  if (options.watch !== true && options.log !== true && options.wait !== true) return;
  const ended: WorkflowObject[] = [];
  for (const { metadata } of workflows) {
    const its = within(context, metadata.namespace);
    if (options.log === true) await printLogs(its, metadata.name, { follow: true, prefix: true });
    ended.push(
      options.watch === true && !context.json
        ? await drawWorkflow(its, metadata.name, { nodeTest: nodeTestOf(options) })
        : await followWorkflow(its, metadata.name, () => {}),
    );
  }
  if (context.json || options.output === "json") printJson(context, ended);
  for (const workflow of ended) endWith(workflow);
}

/** The manifest with the command line's wishes in it. Errors: CLI_USAGE for a parameter without `=`. */
export function withOverrides(manifest: Draft, options: SubmitOptions): Draft {
  const metadata: Record<string, unknown> = { ...manifest.metadata };
  const spec: Record<string, unknown> = { ...manifest.spec };
  if (options.name !== undefined) {
    metadata["name"] = options.name;
    delete metadata["generateName"];
  }
  if (options.generateName !== undefined) {
    metadata["generateName"] = options.generateName;
    delete metadata["name"];
  }
  if (options.labels !== undefined)
    metadata["labels"] = {
      ...(metadata["labels"] as object),
      ...pairsOf("--labels", options.labels.split(",")),
    };
  if (options.annotations !== undefined)
    metadata["annotations"] = {
      ...(metadata["annotations"] as object),
      ...pairsOf("--annotations", options.annotations.split(",")),
    };
  if (options.entrypoint !== undefined) spec["entrypoint"] = options.entrypoint;
  if (options.serviceaccount !== undefined) spec["serviceAccountName"] = options.serviceaccount;
  if (options.priority !== undefined) spec["priority"] = priorityOf(options.priority);
  if (options.parameter.length > 0)
    spec["arguments"] = withParameters(spec["arguments"], pairsOf("--parameter", options.parameter));
  return { ...manifest, metadata, spec };
}

type Parameters = readonly { readonly name: string; readonly value?: unknown }[];

function withParameters(before: unknown, values: Readonly<Record<string, string>>): unknown {
  const given = before as { readonly parameters?: Parameters } | undefined;
  const written = Array.isArray(given?.parameters) ? given.parameters : [];
  const known = written.map((parameter) => {
    const value = Object.hasOwn(values, parameter.name) ? values[parameter.name] : undefined;
    if (value === undefined) return parameter;
    const { valueFrom: _, ...rest } = parameter as { readonly valueFrom?: unknown; readonly name: string };
    return { ...rest, value };
  });
  const names = new Set(known.map((parameter) => parameter.name));
  const added = Object.entries(values)
    .filter(([name]) => !names.has(name))
    .map(([name, value]) => ({ name, value }));
  return { ...given, parameters: [...known, ...added] };
}
