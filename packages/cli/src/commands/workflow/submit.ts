import type { WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { checkedDocuments } from "../manifests/lint.ts";
import { formatted, type OutputFormat } from "../output.ts";
import { drawWorkflow, followWorkflow } from "./live-tree.ts";
import { printLogs } from "./logs.ts";
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
  const submitted: WorkflowObject[] = [];
  for (const { manifest } of workflows) {
    const draft = withOverrides(manifest as Draft, options);
    if (options.dryRun === true) {
      context.out((await formatted(draft, options.output ?? "yaml", context.json)) ?? "");
      continue;
    }
    const workflow = await context.client.request<WorkflowObject>(
      "POST",
      `/api/v1/workflows/${context.namespace}`,
      {
        body: { workflow: draft },
        // A repeat of this very request (a lost answer) starts nothing twice.
        headers: { "idempotency-key": context.random.id() },
      },
    );
    submitted.push(workflow);
    await announce(context, workflow, options);
  }
  for (const workflow of submitted) await follow(context, workflow, options);
}

async function announce(
  context: CliContext,
  workflow: WorkflowObject,
  options: SubmitOptions,
): Promise<void> {
  const willFollow = options.watch === true || options.log === true || options.wait === true;
  const text = await formatted(workflow, options.output, context.json && !willFollow);
  if (text !== undefined) context.out(text);
  else if (options.output === "name") context.out(workflow.metadata.name);
  else if (!context.json) context.note(`workflow ${workflow.metadata.name} submitted`);
}

async function follow(context: CliContext, workflow: WorkflowObject, options: SubmitOptions): Promise<void> {
  const name = workflow.metadata.name;
  if (options.log === true) await printLogs(context, name, { follow: true, prefix: true });
  if (options.watch === true && !context.json) endWith(await drawWorkflow(context, name));
  else if (options.wait === true || options.log === true || options.watch === true) {
    const last = await followWorkflow(context, name, () => {});
    if (context.json) context.out(JSON.stringify(last));
    endWith(last);
  }
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

function pairsOf(option: string, texts: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at < 1) throw CliError.USAGE({ problem: `${option} takes name=value, not '${text}'` });
    pairs[text.slice(0, at)] = text.slice(at + 1);
  }
  return pairs;
}

type Parameters = readonly { readonly name: string; readonly value?: unknown }[];

function withParameters(before: unknown, values: Record<string, string>): unknown {
  const given = before as { readonly parameters?: Parameters } | undefined;
  const known = (given?.parameters ?? []).map((parameter) => {
    const value = values[parameter.name];
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
