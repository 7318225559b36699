import type { StepLine } from "@sluice/engine";
import { LogReader, type LogReaderOptions } from "./reader.ts";

/**
 * The logs of the containers beside the main one, each line with its container's name. They run for as long as the pod
 * does, so they are read until the step is over, and what they wrote by then is all that is wanted of them.
 */
export class SideLogs {
  readonly #readers: readonly LogReader[];

  constructor(
    names: readonly string[],
    options: Omit<LogReaderOptions, "container" | "mark">,
    signal: AbortSignal,
  ) {
    const named = (container: string, lines: readonly StepLine[]) =>
      lines.map((line) => ({ ...line, container }));
    this.#readers = names.map(
      (container) =>
        new LogReader(
          { ...options, container, mark: "", emit: (lines) => options.emit(named(container, lines)) },
          signal,
        ),
    );
  }

  /** Resolves when all that they wrote by now was given out. */
  async end(): Promise<void> {
    for (const reader of this.#readers) reader.containerEnded();
    await Promise.all(this.#readers.map((reader) => reader.ended));
  }
}
