// Which workflows a command is about: those that are named, or those that options choose.
import { parseSecondsOrDuration } from "@sluice/base";
import type { WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { listPathOf, nameOf, type WorkflowList } from "./names.ts";

export interface SelectionOptions {
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly status?: string;
  readonly running?: boolean;
  readonly completed?: boolean;
  readonly resubmitted?: boolean;
  readonly prefix?: string;
  readonly since?: string;
  readonly older?: string;
  readonly template?: string;
  readonly cause?: string;
  readonly all?: boolean;
}

export interface Target {
  readonly namespace: string;
  readonly name: string;
}

/** Which of the selected ones a verb can do something with. */
export type Fitting = "any" | "unfinished" | "failed" | "finished";

const chooses = (options: SelectionOptions): boolean =>
  options.all === true ||
  options.completed === true ||
  options.running === true ||
  options.resubmitted === true ||
  [
    options.selector,
    options.fieldSelector,
    options.status,
    options.prefix,
    options.since,
    options.older,
    options.template,
    options.cause,
  ].some((text) => text !== undefined);

const label = (name: string): string => `workflows.argoproj.io/${name}`;
const phases = ["Pending", "Running", "Succeeded", "Failed", "Error"];

/** What a list asks the server for. Errors: CLI_USAGE. */
export function queryOf(
  context: CliContext,
  options: SelectionOptions,
  fitting: Fitting = "any",
): Readonly<Record<string, string | undefined>> {
  const { prefix, fieldSelector = "" } = options;
  if (prefix !== undefined && /(^|,)\s*metadata\.name\s*=/.test(fieldSelector))
    throw CliError.USAGE({ problem: "--prefix and a --field-selector for metadata.name exclude each other" });
  const fields = [...(prefix === undefined ? [] : [`metadata.name=${prefix}`]), fieldSelector];
  return {
    "listOptions.labelSelector": labelsOf(options, fitting),
    "listOptions.fieldSelector": fields.filter((text) => text !== "").join(",") || undefined,
    nameFilter: prefix === undefined ? undefined : "Prefix",
    createdAfter: timeBefore(context, "--since", options.since),
    finishedBefore: timeBefore(context, "--older", options.older),
    template: options.template,
    cause: options.cause,
  };
}

function labelsOf(options: SelectionOptions, fitting: Fitting): string | undefined {
  const parts: string[] = [];
  if (options.selector !== undefined) parts.push(options.selector);
  if (options.status !== undefined) parts.push(`${label("phase")} in (${phasesOf(options.status)})`);
  if (options.running === true || fitting === "unfinished") parts.push(`${label("completed")}!=true`);
  if (options.completed === true || fitting === "finished") parts.push(`${label("completed")}=true`);
  if (options.resubmitted === true) parts.push(label("resubmitted-from-workflow"));
  if (fitting === "failed") parts.push(`${label("phase")} in (Failed,Error)`);
  return parts.length === 0 ? undefined : parts.join(",");
}

/** In any case, and with spaces. Errors: CLI_USAGE. */
function phasesOf(text: string): string {
  return text
    .split(",")
    .map((given) => {
      const phase = phases.find((known) => known.toLowerCase() === given.trim().toLowerCase());
      if (phase === undefined)
        throw CliError.USAGE({ problem: `--status takes ${phases.join(", ")}, not '${given.trim()}'` });
      return phase;
    })
    .join(",");
}

/** The moment that was so long ago. Errors: CLI_USAGE. */
export function timeBefore(
  context: CliContext,
  option: string,
  text: string | undefined,
): string | undefined {
  if (text === undefined) return undefined;
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const ms = days === undefined ? parseSecondsOrDuration(text) : Number(days) * 86_400_000;
  if (ms === undefined)
    throw CliError.USAGE({ problem: `${option} takes a duration such as 2h or 7d, not '${text}'` });
  return new Date(context.clock.now() - ms).toISOString();
}

/** Every workflow that the options choose, the newest first, page by page. */
export async function* everyChosen(
  context: CliContext,
  options: SelectionOptions,
  fitting: Fitting,
): AsyncGenerator<WorkflowObject> {
  const namespace = options.allNamespaces === true ? "" : context.namespace;
  const query = queryOf(context, options, fitting);
  let next: string | undefined;
  do {
    const page: WorkflowList = await context.client.request("GET", listPathOf(namespace), {
      query: {
        ...query,
        fields: "items.metadata.name,items.metadata.namespace,metadata",
        "listOptions.limit": 500,
        "listOptions.continue": next,
      },
    });
    yield* page.items ?? [];
    next = page.metadata?.continue;
  } while (next !== undefined && next !== "");
}

export interface Chosen {
  readonly targets: readonly Target[];
  /** Not each one was named. */
  readonly many: boolean;
}

/**
 * The named ones (`@latest` is the newest of the namespace) and those that the options choose; each once.
 * Errors: CLI_USAGE when neither is given; CLI_NOTHING_FOUND for `@latest` of none.
 */
export async function chosenOf(
  context: CliContext,
  names: readonly string[],
  { options, fitting = "any" }: { readonly options: SelectionOptions; readonly fitting?: Fitting },
): Promise<Chosen> {
  const many = chooses(options);
  if (!many && names.length === 0)
    throw CliError.USAGE({
      problem: "name workflows, or choose them with -l, --field-selector and the like",
    });
  if (names.length > 0 && options.allNamespaces === true)
    throw CliError.USAGE({ problem: "-A is for chosen workflows: a name is of one namespace (-n)" });
  const targets = new Map<string, Target>();
  const add = (namespace: string, name: string) => targets.set(`${namespace}/${name}`, { namespace, name });
  for (const given of names) add(context.namespace, await nameOf(context, given));
  if (many)
    for await (const { metadata } of everyChosen(context, options, fitting))
      add(metadata.namespace, metadata.name);
  return { targets: [...targets.values()], many };
}

/** The same context, as if `-n` had said so. */
export const within = (context: CliContext, namespace: string): CliContext =>
  namespace === context.namespace ? context : { ...context, namespace };

/** How a workflow is called where there may be several namespaces. */
export const titleOf = (context: CliContext, { namespace, name }: Target): string =>
  namespace === context.namespace ? name : `${namespace}/${name}`;
