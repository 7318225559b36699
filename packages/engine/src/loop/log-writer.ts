// Output lines on their way to the log store.
// Invariants
//   W1. Lines of one step are stored in order: one append of it at a time.
//   W2. `flushed(step)` resolves when every line that was added before is stored.
//   W3. At most `maxBytes` wait: `add` resolves only when there is room, which holds the executor's reader back.
import { type Clock, type Logger, messageOf, type Random, retrying } from "@sluice/base";
import type { LogLine, LogStore, RunKey } from "@sluice/bus";
import type { StepLine } from "../executor/contract.ts";

interface Line {
  readonly key: RunKey;
  readonly node: { readonly id: string; readonly attempt: number };
  lines: LogLine[];
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
  readonly #steps = new Map<string, Line>();
  #bytes = 0;

  constructor(deps: LogWriterDeps, signal: AbortSignal, maxBytes = 4 * 1024 * 1024) {
    this.#deps = deps;
    this.#signal = signal;
    this.#maxBytes = maxBytes;
  }

  async add(stepId: string, of: Pick<Line, "key" | "node">, lines: readonly StepLine[]): Promise<void> {
    let step = this.#steps.get(stepId);
    if (step === undefined) {
      step = { ...of, lines: [], writing: undefined };
      this.#steps.set(stepId, step);
    }
    for (const line of lines) {
      step.lines.push({ at: line.at, stream: line.stream, text: line.text });
      this.#bytes += weight(line);
    }
    step.writing ??= this.#write(stepId, step);
    if (this.#bytes > this.#maxBytes) await step.writing;
  }

  async flushed(stepId: string): Promise<void> {
    await this.#steps.get(stepId)?.writing;
  }

  async #write(stepId: string, step: Line): Promise<void> {
    while (step.lines.length > 0 && !this.#signal.aborted) {
      const batch = takeBatch(step);
      try {
        await retrying(
          {
            clock: this.#deps.clock,
            random: this.#deps.random,
            signal: this.#signal,
            attempts: Number.POSITIVE_INFINITY,
            when: (error) => (error as { retry?: unknown }).retry === "later",
          },
          () => this.#deps.logs.append(step.key, step.node, batch),
        );
      } catch (error) {
        this.#deps.log.error("output lines could not be stored", { step: stepId, reason: messageOf(error) });
      }
      for (const line of batch) this.#bytes -= weight(line);
    }
    step.writing = undefined;
    if (step.lines.length === 0) this.#steps.delete(stepId);
  }
}

const weight = (line: { readonly text: string }): number => line.text.length + 32;

function takeBatch(step: Line): readonly LogLine[] {
  let bytes = 0;
  let count = 0;
  while (count < step.lines.length && (count === 0 || bytes < maxBatchBytes)) {
    bytes += weight(step.lines[count] as LogLine);
    count += 1;
  }
  const batch = step.lines.slice(0, count);
  step.lines = step.lines.slice(count);
  return batch;
}
