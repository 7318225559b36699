// Trying workflows again, and running their manifests once more.
import type { WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { renderHead } from "../../render/workflow.ts";
import { pairsOf } from "../output.ts";
import { pathIn } from "./names.ts";
import {
  type Chosen,
  chosenOf,
  type Fitting,
  type SelectionOptions,
  type Target,
  titleOf,
} from "./selection.ts";
import { followAll } from "./submit.ts";
import { priorityOf } from "./submit-from.ts";
import { type Dry, doEach } from "./verbs.ts";
import { viewOf } from "./workflow.ts";

export interface AgainOptions extends SelectionOptions, Dry {
  readonly parameter: readonly string[];
  readonly restartSuccessful?: boolean;
  readonly nodeFieldSelector?: string;
  readonly memoized?: boolean;
  readonly priority?: string;
  readonly wait?: boolean;
  readonly watch?: boolean;
  readonly log?: boolean;
  readonly output?: "json" | "yaml" | "wide" | "name";
}

/** `retry` goes on with a workflow under its name; `resubmit` starts another of the same manifest. */
export const again =
  (action: "retry" | "resubmit") =>
  async (context: CliContext, names: readonly string[], options: AgainOptions): Promise<void> => {
    const chosen = await chosenOf(context, names, { options, fitting: fittingOf(action, options) });
    const pathOf = ({ namespace, name }: Target) => pathIn(namespace, name);
    await againEach(context, chosen, { action, options, pathOf });
  };

export interface Again {
  readonly action: "retry" | "resubmit";
  readonly options: AgainOptions;
  /** Where the API has a workflow. */
  readonly pathOf: (target: Target) => string;
}

/** Errors: those of the API; CLI_WORKFLOW_FAILED when they are followed and one fails. */
export async function againEach(context: CliContext, chosen: Chosen, again: Again): Promise<void> {
  const { action, options, pathOf } = again;
  const { dryRun, output } = options;
  const asked = askedOf(options);
  const started: WorkflowObject[] = [];
  const json = context.json || output === "json";
  const follows = dryRun !== true && [options.wait, options.watch, options.log].includes(true);
  // One JSON value: where they are followed, it is how they ended.
  const own: CliContext = { ...context, json, ...(json && follows ? { out: () => {} } : {}) };
  try {
    await doEach(own, chosen, {
      ...(dryRun === undefined ? {} : { dryRun }),
      done: action === "retry" ? "retried" : "resubmitted",
      act: async (target) => {
        const { namespace, name } = target;
        const body = { namespace, name, ...asked };
        const path = `${pathOf(target)}/${action}`;
        const workflow = await context.client.request<WorkflowObject>("PUT", path, { body });
        started.push(workflow);
        return workflow;
      },
      line: (target, result) => {
        const line = lineOf(context, { action, target, output }, result);
        return output === "name" || follows ? line : `${line}\n${headOf(context, result)}`;
      },
    });
  } finally {
    if (follows) await followAll({ ...context, json }, started, options);
  }
}

/** The body of the request. Errors: CLI_USAGE. */
function askedOf(options: AgainOptions): object {
  const { restartSuccessful, nodeFieldSelector, memoized, priority, parameter: parameters } = options;
  pairsOf("--parameter", parameters);
  return {
    ...{ restartSuccessful, nodeFieldSelector, memoized, parameters },
    ...(priority === undefined ? {} : { priority: priorityOf(priority) }),
  };
}

/** Of those that options choose: what can be tried again at all. */
function fittingOf(action: "retry" | "resubmit", options: AgainOptions): Fitting {
  if (action === "resubmit") return options.memoized === true ? "failed" : "any";
  return options.restartSuccessful === true ? "finished" : "failed";
}

interface Line {
  readonly action: "retry" | "resubmit";
  readonly target: Target;
  readonly output: AgainOptions["output"];
}

function lineOf(context: CliContext, { action, target, output }: Line, result: unknown): string {
  const { name, namespace } = (result as WorkflowObject).metadata;
  if (output === "name") return name;
  if (action === "retry") return `workflow ${titleOf(context, target)} tried again`;
  return `workflow ${titleOf(context, { name, namespace })} submitted`;
}

const headOf = (context: CliContext, result: unknown): string =>
  renderHead(result as WorkflowObject, viewOf(context, {}, { wide: false, ascii: false }));
