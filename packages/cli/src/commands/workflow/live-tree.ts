// Draws a workflow while it runs: in place on a terminal, otherwise one line a change.

import { isFinished, phaseOf, type WatchEvent, type WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { renderTree, renderWorkflow } from "../../render/workflow.ts";

/** Follows the workflow to its end; resolves with its last state. Errors: those of the API. */
export async function followWorkflow(
  context: CliContext,
  name: string,
  onChange: (workflow: WorkflowObject) => void,
): Promise<WorkflowObject> {
  const { client, namespace } = context;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  let latest = await client.request<WorkflowObject>("GET", `/api/v1/workflows/${namespace}/${name}`);
  onChange(latest);
  if (isFinished(latest)) return latest;
  const events = client.stream<WatchEvent>(`/api/v1/workflow-events/${namespace}`, {
    query: { "listOptions.fieldSelector": `metadata.name=${name}` },
    signal,
  });
  for await (const event of events) {
    if (event.object.metadata.name !== name) continue;
    latest = event.object;
    onChange(latest);
    if (event.type === "DELETED" || isFinished(latest)) break;
  }
  stop.abort();
  return latest;
}

/** Draws the whole view (or, with `compact`, the tree) until the workflow ends. */
export async function drawWorkflow(
  context: CliContext,
  name: string,
  options: { readonly compact?: boolean } = {},
): Promise<WorkflowObject> {
  const view = (workflow: WorkflowObject) =>
    (options.compact === true ? renderTree : renderWorkflow)(workflow, {
      palette: context.palette,
      now: context.clock.now(),
    });
  if (!context.isTerminal) {
    const last = await followWorkflow(context, name, plainChanges(context));
    context.out(view(last));
    return last;
  }
  const screen = new LiveArea(context);
  let current: WorkflowObject | undefined;
  // Durations of running steps go on although nothing changes.
  const tick = setInterval(() => current !== undefined && screen.draw(view(current)), 500);
  try {
    return await followWorkflow(context, name, (workflow) => {
      current = workflow;
      screen.draw(view(workflow));
    });
  } finally {
    clearInterval(tick);
    screen.end();
  }
}

/** Prints each node's change of phase once. */
function plainChanges(context: CliContext): (workflow: WorkflowObject) => void {
  const seen = new Map<string, string>();
  return (workflow) => {
    for (const node of Object.values(workflow.status?.nodes ?? {})) {
      if (node.type === "StepGroup" || seen.get(node.id) === node.phase) continue;
      seen.set(node.id, node.phase);
      context.note(
        `${node.phase.padEnd(10)} ${node.name}${node.message === undefined || node.message === "" ? "" : `  ${node.message}`}`,
      );
    }
    if (isFinished(workflow)) context.note(`${phaseOf(workflow).padEnd(10)} ${workflow.metadata.name}`);
  };
}

/** A piece of the terminal that is drawn again and again in place. */
class LiveArea {
  readonly #context: CliContext;
  #lines = 0;
  #shown = "";

  constructor(context: CliContext) {
    this.#context = context;
  }

  draw(text: string): void {
    if (text === this.#shown) return;
    this.#shown = text;
    const all = text.split("\n");
    // What is taller than the screen cannot be redrawn in place: its end is shown.
    const fitting = all.slice(-Math.max(5, this.#context.rows - 2));
    const up = this.#lines > 0 ? `\u001b[${this.#lines}A` : "";
    process.stdout.write(
      `${up}\r\u001b[J${fitting.map((line) => cut(line, this.#context.columns)).join("\n")}\n`,
    );
    this.#lines = fitting.length;
  }

  /** Leaves the last picture standing, whole. */
  end(): void {
    if (this.#lines === 0) return;
    process.stdout.write(`\u001b[${this.#lines}A\r\u001b[J${this.#shown}\n`);
    this.#lines = 0;
  }
}

/** A line cut to the columns, colours not counted: a wrapped line would break redrawing in place. */
function cut(line: string, columns: number): string {
  let width = 0;
  let result = "";
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith("\u001b")) {
      result += part;
      continue;
    }
    const characters = [...part].slice(0, Math.max(0, columns - 1 - width));
    width += characters.length;
    result += characters.join("");
  }
  return result;
}
