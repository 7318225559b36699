import type { WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { checkedDocuments } from "../manifests/lint.ts";
import { formatted, type OutputFormat, pairsOf } from "../output.ts";
import { drawWorkflow, followWorkflow } from "./live-tree.ts";
import { printLogs } from "./logs.ts";
import { listPathOf } from "./names.ts";
import { endWith } from "./workflow.ts";

export interface SubmitOptions {
  readonly parameter: readonly string[];
  readonly entrypoint?: string;
  readonly name?: string;
  readonly generateName?: string;
  readonly labels?: string;
  readonly wait?: boolean;
  readonly watch?: boolean;
  readonly log?: boolean;
  readonly dryRun?: boolean;
  readonly output?: OutputFormat;
}

interface Draft {
  metadata: Record<string, unknown>;
  spec: Record<string, unknown>;
}

/** Submits every Workflow of the files; with --wait, --watch or --log the exit code tells how they ended. */
export async function submit(
  context: CliContext,
  files: readonly string[],
  options: SubmitOptions,
): Promise<void> {
  const workflows = (await checkedDocuments(context, files)).filter(
    (document) => document.kind === "Workflow",
  );
  if (workflows.length === 0) throw CliError.NOTHING_FOUND({ wanted: "Workflow", where: files.join(", ") });
  const drafts = workflows.map(({ manifest }) => withOverrides(manifest as Draft, options));
  if (options.dryRun === true) return printDrafts(context, drafts, options.output);
  const json = context.json || options.output === "json";
  const submitted: WorkflowObject[] = [];
  try {
    for (const draft of drafts) {
      const workflow = await send(context, draft);
      submitted.push(workflow);
      if (!json) await announce(context, workflow, options.output);
    }
  } finally {
    // Those that were started are said also when a later one was refused.
    const follows = options.watch === true || options.log === true || options.wait === true;
    if (json && (!follows || submitted.length < drafts.length)) printJson(context, submitted);
  }
  await followAll(context, submitted, options);
}

/** A repeat of one request (a lost answer) starts nothing twice. */
const send = (context: CliContext, draft: Draft): Promise<WorkflowObject> =>
  context.client.request<WorkflowObject>("POST", listPathOf(context.namespace), {
    body: { workflow: draft },
    headers: { "idempotency-key": context.random.id() },
  });

/** One object for one workflow, else a list: on one line. */
const printJson = (context: CliContext, workflows: readonly unknown[]): void =>
  context.out(JSON.stringify(workflows.length === 1 ? workflows[0] : workflows));

async function printDrafts(
  context: CliContext,
  drafts: readonly Draft[],
  output: OutputFormat,
): Promise<void> {
  if (context.json || output === "json") return printJson(context, drafts);
  const texts = await Promise.all(drafts.map((draft) => formatted(draft, "yaml", false)));
  context.out(texts.join("\n---\n"));
}

async function announce(context: CliContext, workflow: WorkflowObject, output: OutputFormat): Promise<void> {
  const text = await formatted(workflow, output, false);
  if (text !== undefined) context.out(output === "yaml" ? `---\n${text}` : text);
  else if (output === "name") context.out(workflow.metadata.name);
  else context.note(`workflow ${workflow.metadata.name} submitted`);
}

/** Follows each as was asked for. Errors: CLI_WORKFLOW_FAILED after all have ended, for the first that failed. */
async function followAll(
  context: CliContext,
  workflows: readonly WorkflowObject[],
  options: SubmitOptions,
): Promise<void> {
  if (options.watch !== true && options.log !== true && options.wait !== true) return;
  const ended: WorkflowObject[] = [];
  for (const { metadata } of workflows) {
    if (options.log === true) await printLogs(context, metadata.name, { follow: true, prefix: true });
    ended.push(
      options.watch === true && !context.json
        ? await drawWorkflow(context, metadata.name)
        : await followWorkflow(context, metadata.name, () => {}),
    );
  }
  if (context.json || options.output === "json") printJson(context, ended);
  for (const workflow of ended) endWith(workflow);
}

/** The manifest with the command line's wishes in it. Errors: CLI_USAGE for a parameter without `=`. */
export function withOverrides(manifest: Draft, options: SubmitOptions): Draft {
  const metadata = { ...manifest.metadata };
  const spec = { ...manifest.spec };
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
  if (options.entrypoint !== undefined) spec["entrypoint"] = options.entrypoint;
  if (options.parameter.length > 0)
    spec["arguments"] = withParameters(spec["arguments"], pairsOf("--parameter", options.parameter));
  return { ...manifest, metadata, spec };
}

type Parameters = readonly { readonly name: string; readonly value?: unknown }[];

function withParameters(before: unknown, values: Readonly<Record<string, string>>): unknown {
  const given = before as { readonly parameters?: Parameters } | undefined;
  const known = (given?.parameters ?? []).map((parameter) => {
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
