// Reads the log of one container to its end.
// Owns:      its requests to the API server. Talks to: KubeClient, the step that it reads for.
// Invariants
//   L1. Each line is given out once and in the log's order, however often the connection breaks.
//   L2. It ends only when the log is complete: after the wrapper's last frame, or after a read that began when the
//       container was known to have ended; or when the log cannot be had any more (`incomplete`).
//   L3. At most `resultMaxBytes` of what it read are kept.
import {
  type BackoffPolicy,
  backoffMs,
  type Clock,
  hasCode,
  type Random,
  retryOf,
  sleepFor,
} from "@sluice/base";
import type { StepLine } from "@sluice/engine";
import type { KubeClient } from "@sluice/kube";
import { LogCursor, type StampedLine, stampMs } from "./cursor.ts";
import { FrameFilter, resultMaxBytes } from "./frames.ts";
import { LogSplitter } from "./splitter.ts";
import { Tail } from "./tail.ts";

export interface LogReaderOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** What begins the wrapper's lines; "" when the step is not wrapped. */
  readonly mark: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Told when what the step says of its progress is another. */
  readonly progressed?: (progress: string, at: number) => void;
  /** Resolves when there is room for more. */
  readonly emit: (lines: readonly StepLine[]) => Promise<void>;
}

export interface ReadLog {
  readonly frames: FrameFilter;
  /** The end of the whole log, for steps whose stdout is not kept apart. */
  readonly tail: string;
  /** When the last line was written, epoch ms. */
  readonly lastAt: number | undefined;
  /** Why a part of the log may be missing. */
  readonly incomplete?: unknown;
}

const policy: BackoffPolicy = { baseMs: 100, factor: 2, capMs: 5_000, jitter: 0.3 };
/** Tries to read a log whose container has ended, before giving up: about 20 s. */
const maxTries = 8;
/** The contract's bound of a line. */
const maxLineLength = 64_000;

export class LogReader {
  /** Resolves, never rejects, when the log was read to its end or the signal aborted. */
  readonly ended: Promise<ReadLog>;
  readonly #options: LogReaderOptions;
  readonly #signal: AbortSignal;
  readonly #cursor = new LogCursor();
  readonly #frames: FrameFilter;
  readonly #tail = new Tail(resultMaxBytes);
  readonly #containerEnded = new AbortController();
  #lastAt: number | undefined;

  constructor(options: LogReaderOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#frames = new FrameFilter(options.mark === "" ? "\n" : options.mark);
    this.ended = this.#run();
  }

  /** The container has ended: what its log holds now is all. */
  containerEnded(): void {
    this.#containerEnded.abort();
  }

  async #run(): Promise<ReadLog> {
    let failures = 0;
    while (!this.#signal.aborted && !this.#frames.complete) {
      const last = this.#containerEnded.signal.aborted;
      try {
        await this.#pass(!last);
        failures = 0;
        if (last) break;
      } catch (error) {
        failures += 1;
        const gone = hasCode(error, "KUBE_NOT_FOUND") || (last && retryOf(error) !== "later");
        if (gone || (last && failures >= maxTries)) return await this.#close(error);
      }
      if (!this.#frames.complete && !this.#containerEnded.signal.aborted) await this.#pause(failures + 1);
      else if (last) await sleepFor(this.#options.clock, this.#waitMs(failures), this.#signal);
    }
    return await this.#close();
  }

  /** One request, read to its end; a following one ends early when the container has ended. */
  async #pass(follow: boolean): Promise<void> {
    const { client, namespace, pod, container } = this.#options;
    const signal = follow ? AbortSignal.any([this.#signal, this.#containerEnded.signal]) : this.#signal;
    const sinceTime = this.#cursor.resume();
    const splitter = new LogSplitter();
    const since = sinceTime === undefined ? {} : { sinceTime };
    const chunks = client.logs({ namespace, pod, container, follow, timestamps: true, ...since }, signal);
    for await (const chunk of chunks) {
      await this.#take(splitter.push(chunk));
      if (this.#frames.complete) return;
    }
    // Half a line at the end is a whole one only when no more can come; else the next pass brings it whole.
    if (!follow && !signal.aborted) await this.#take(splitter.end());
  }

  async #take(stamped: readonly StampedLine[]): Promise<void> {
    const lines: StepLine[] = [];
    for (const line of stamped) {
      if (!this.#cursor.take(line.stamp)) continue;
      const at = stampMs(line.stamp) || this.#options.clock.now();
      this.#lastAt = at;
      const before = this.#frames.progress;
      for (const text of this.#frames.take(line.text)) this.#add(lines, at, text);
      const { progress } = this.#frames;
      if (progress !== undefined && progress !== before) this.#options.progressed?.(progress, at);
    }
    if (lines.length > 0) await this.#options.emit(lines);
  }

  #add(lines: StepLine[], at: number, text: string): void {
    this.#tail.add(text);
    if (text.length <= maxLineLength) lines.push({ at, stream: "stdout", text });
    else
      for (let from = 0; from < text.length; from += maxLineLength)
        lines.push({ at, stream: "stdout", text: text.slice(from, from + maxLineLength) });
  }

  async #close(incomplete?: unknown): Promise<ReadLog> {
    const lines: StepLine[] = [];
    for (const text of this.#frames.flush())
      this.#add(lines, this.#lastAt ?? this.#options.clock.now(), text);
    if (lines.length > 0 && !this.#signal.aborted) await this.#options.emit(lines);
    return {
      frames: this.#frames,
      tail: this.#tail.text(),
      lastAt: this.#lastAt,
      ...(incomplete === undefined ? {} : { incomplete }),
    };
  }

  #pause(attempt: number): Promise<void> {
    const signal = AbortSignal.any([this.#signal, this.#containerEnded.signal]);
    return sleepFor(this.#options.clock, this.#waitMs(attempt), signal);
  }

  #waitMs(attempt: number): number {
    return backoffMs(policy, attempt, this.#options.random.next());
  }
}
