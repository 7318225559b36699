// Output lines on their way to the log store.
// Invariants
//   W1. Lines of one step are stored in order: one append of it at a time.
//   W2. `flushed(step)` resolves when every line that was added before is stored.
//   W3. At most `maxBytes` wait: `add` resolves only when there is room, which holds the executor's reader back.
//   W4. A line is stored once, whoever writes: each append names the position of the node's last lines, and fails when
//       there are others. An executor tells a step's output again from its first line after a restart, an append may have
//       been stored although it failed, and another engine may have had the step meanwhile: then what is stored is
//       counted, stream by stream, before more is written. (The order within a stream is the step's own; between the two
//       it may differ from telling to telling.)
import { type Clock, type Logger, messageOf, type Random, retrying } from "@sluice/base";
import type { LogLine, LogStore, RunKey } from "@sluice/bus";
import { runUidOf } from "../../executor/contract.ts";
import type { StepLine } from "../../executor/events.ts";

type PerStream = Record<LogLine["stream"], number>;

interface StepOutput {
  readonly key: RunKey;
  readonly node: { readonly id: string; readonly attempt: number };
  /** The run's uid: another run may have had the name before. */
  readonly run: string;
  lines: LogLine[];
  /** Lines told before `lines`, stored or known to be. */
  readonly passed: PerStream;
  /** Lines that are stored already and will be told again. */
  readonly repeats: PerStream;
  /** Position of the node's last lines; unknown = it must be looked at, and ours counted, before the next append. */
  after: number | undefined;
  writing: Promise<void> | undefined;
}

export interface LogWriterDeps {
  readonly logs: LogStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Bytes of lines in one append. */
const maxBatchBytes = 256 * 1024;

export class LogWriter {
  readonly #deps: LogWriterDeps;
  readonly #signal: AbortSignal;
  readonly #maxBytes: number;
  readonly #steps = new Map<string, StepOutput>();
  /** Steps that another process began: their output comes again from its first line. */
  readonly #adopted = new Set<string>();
  #bytes = 0;

  constructor(deps: LogWriterDeps, signal: AbortSignal, maxBytes = 4 * 1024 * 1024) {
    this.#deps = deps;
    this.#signal = signal;
    this.#maxBytes = maxBytes;
  }

  /** The step ran before this process: lines of it that are stored will be told again, and are left out. */
  adopted(stepId: string): void {
    this.#adopted.add(stepId);
  }

  async add(stepId: string, of: Pick<StepOutput, "key" | "node">, lines: readonly StepLine[]): Promise<void> {
    const step = this.#stepOf(stepId, of);
    for (const { at, stream, text } of lines) {
      if (step.repeats[stream] > 0) {
        step.repeats[stream] -= 1;
        step.passed[stream] += 1;
        continue;
      }
      step.lines.push({ at, stream, text });
      this.#bytes += weight({ text });
    }
    if (step.lines.length === 0) return;
    step.writing ??= this.#write(stepId, step);
    if (this.#bytes > this.#maxBytes) await step.writing;
  }

  async flushed(stepId: string): Promise<void> {
    await this.#steps.get(stepId)?.writing;
  }

  /** Nothing more comes, or is wanted, of the step: lines that still wait are dropped. */
  close(stepId: string): void {
    const step = this.#steps.get(stepId);
    if (step !== undefined) this.#take(step, step.lines.length);
    this.#steps.delete(stepId);
    this.#adopted.delete(stepId);
  }

  #stepOf(stepId: string, of: Pick<StepOutput, "key" | "node">): StepOutput {
    const known = this.#steps.get(stepId);
    if (known !== undefined) return known;
    const step: StepOutput = {
      ...of,
      run: runUidOf(stepId),
      lines: [],
      passed: { stdout: 0, stderr: 0 },
      repeats: { stdout: 0, stderr: 0 },
      // A first attempt has no lines before it, unless the name had another run.
      after: this.#adopted.delete(stepId) || of.node.attempt > 0 ? undefined : 0,
      writing: undefined,
    };
    this.#steps.set(stepId, step);
    return step;
  }

  async #write(stepId: string, step: StepOutput): Promise<void> {
    const { clock, random, log } = this.#deps;
    const attempts = Number.POSITIVE_INFINITY;
    const when = (error: unknown) => (error as { retry?: unknown }).retry === "later";
    while (step.lines.length > 0 && !this.#signal.aborted) {
      try {
        await retrying({ clock, random, signal: this.#signal, attempts, when }, () => this.#store(step));
      } catch (error) {
        if (this.#signal.aborted) break;
        log.error("output lines could not be stored", { step: stepId, reason: messageOf(error) });
        this.#take(step, batchOf(step).length);
      }
    }
    step.writing = undefined;
  }

  async #store(step: StepOutput): Promise<void> {
    const after = step.after ?? (await this.#reconcile(step));
    step.after = after;
    const batch = batchOf(step);
    if (batch.length === 0) return;
    try {
      step.after = await this.#deps.logs.append(step.key, sourceOf(step), batch, after);
    } catch (error) {
      step.after = undefined;
      throw error;
    }
    this.#take(step, batch.length);
  }

  /** Leaves out what is stored already, of the lines that wait and of those to come (W4). Gives the last position. */
  async #reconcile(step: StepOutput): Promise<number> {
    const { logs } = this.#deps;
    const stored: PerStream = { stdout: 0, stderr: 0 };
    const tail = await logs.tail(step.key, step.node.id);
    let after = tail?.seq ?? 0;
    // Where the last ones are an earlier attempt's, none are ours; most often, and what is there may be long.
    if (tail !== undefined && !(tail.attempt < step.node.attempt && tail.run === step.run))
      for await (const line of logs.read(step.key, { node: step.node.id })) {
        if (isOf(step, line)) stored[line.stream] += 1;
        after = line.seq;
      }
    for (const stream of ["stdout", "stderr"] as const)
      step.repeats[stream] = Math.max(0, stored[stream] - step.passed[stream]);
    const kept: LogLine[] = [];
    for (const line of step.lines) {
      if (step.repeats[line.stream] === 0) {
        kept.push(line);
        continue;
      }
      step.repeats[line.stream] -= 1;
      step.passed[line.stream] += 1;
      this.#bytes -= weight(line);
    }
    step.lines = kept;
    return after;
  }

  #take(step: StepOutput, count: number): void {
    for (const line of step.lines.slice(0, count)) {
      this.#bytes -= weight(line);
      step.passed[line.stream] += 1;
    }
    step.lines = step.lines.slice(count);
  }
}

const sourceOf = ({ node, run }: StepOutput) => ({ id: node.id, attempt: node.attempt, run });

const isOf = ({ node, run }: StepOutput, of: { readonly attempt: number; readonly run?: string }): boolean =>
  of.attempt === node.attempt && (of.run ?? run) === run;

const weight = (line: { readonly text: string }): number => line.text.length + 32;

function batchOf(step: StepOutput): readonly LogLine[] {
  let bytes = 0;
  let count = 0;
  while (count < step.lines.length && (count === 0 || bytes < maxBatchBytes)) {
    bytes += weight(step.lines[count] as LogLine);
    count += 1;
  }
  return step.lines.slice(0, count);
}
