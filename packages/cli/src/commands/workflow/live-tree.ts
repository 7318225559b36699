// Draws a workflow while it runs: in place on a terminal, otherwise one line a change.
import { hasCode, sleepFor } from "@sluice/base";
import { isFinished, phaseOf, type WatchEvent, type WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { cutTo } from "../../render/colour.ts";
import { oneLine, printable } from "../../render/text.ts";
import { renderTree, renderWorkflow, type ViewOptions } from "../../render/workflow.ts";
import { listPathOf, pathOf } from "./names.ts";

/**
 * Follows the workflow to its end, or to its deletion; resolves with its last state. Errors: those of the API, and the
 * signal's reason when it aborts before.
 */
export async function followWorkflow(
  context: CliContext,
  name: string,
  onChange: (workflow: WorkflowObject) => void,
): Promise<WorkflowObject> {
  const { client, namespace } = context;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  let latest = await client.request<WorkflowObject>("GET", pathOf(context, name));
  onChange(latest);
  if (isFinished(latest)) return latest;
  const events = client.stream<WatchEvent>(listPathOf(namespace).replace("/workflows", "/workflow-events"), {
    query: { "listOptions.fieldSelector": `metadata.name=${name}` },
    signal,
  });
  const shown = new AbortController();
  let isGone = false;
  const looking = untilGone(context, name, AbortSignal.any([signal, shown.signal])).then((gone) => {
    isGone = gone;
    if (gone) stop.abort();
  });
  try {
    for await (const event of events) {
      shown.abort();
      if (event.object.metadata.name !== name) continue;
      latest = event.object;
      onChange(latest);
      if (event.type === "DELETED" || isFinished(latest)) return latest;
    }
  } catch (error) {
    if (!isGone) throw error;
  } finally {
    stop.abort();
    await looking;
  }
  if (isGone) return latest;
  context.signal.throwIfAborted();
  throw CliError.SERVER_UNREACHABLE({ url: client.url, reason: "the stream of changes ended" });
}

const lookAgainMs = 2_000;

/**
 * Whether it is deleted, looked at until the stream shows it or the signal aborts. Between the first look and the
 * stream's beginning it may have ended and been deleted: such a stream never shows anything.
 */
async function untilGone(context: CliContext, name: string, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    await sleepFor(context.clock, lookAgainMs, signal);
    if (signal.aborted) return false;
    try {
      await context.client.request("GET", pathOf(context, name), { signal });
    } catch (error) {
      // That the server is away is for the stream to say.
      if (hasCode(error, "ENGINE_RUN_NOT_FOUND")) return true;
    }
  }
}

/** Draws the whole view (or, with `compact`, the tree) until the workflow ends. */
export async function drawWorkflow(
  context: CliContext,
  name: string,
  { compact, ...shape }: { readonly compact?: boolean } & Pick<ViewOptions, "nodeTest" | "ascii"> = {},
): Promise<WorkflowObject> {
  const view = (workflow: WorkflowObject) =>
    (compact === true ? renderTree : renderWorkflow)(workflow, {
      ...{ palette: context.palette, now: context.clock.now() },
      ...shape,
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
        `${node.phase.padEnd(10)} ${oneLine(node.name, 200)}${node.message === undefined || node.message === "" ? "" : `  ${oneLine(node.message, 200)}`}`,
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
    const all = printable(text).split("\n");
    // What is taller than the screen cannot be redrawn in place: its end is shown.
    const fitting = all.slice(-Math.max(5, this.#context.rows - 2));
    const up = this.#lines > 0 ? `\u001b[${this.#lines}A` : "";
    process.stdout.write(
      `${up}\r\u001b[J${fitting.map((line) => cutTo(line, this.#context.columns)).join("\n")}\n`,
    );
    this.#lines = fitting.length;
  }

  /** Leaves the last picture standing, whole. */
  end(): void {
    if (this.#lines === 0) return;
    process.stdout.write(`\u001b[${this.#lines}A\r\u001b[J${printable(this.#shown)}\n`);
    this.#lines = 0;
  }
}
