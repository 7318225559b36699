import type { RunKey } from "./journal.ts";

/** LOGS: output lines of steps. */
export interface LogStore {
  /**
   * Lines of one attempt of one node; resolves when stored, with the position of the last. Order is kept per node.
   * `after`: the position of the node's last stored lines (0 = none), whosever they are. Errors: BUS_WRONG_SEQUENCE when
   * there are others by now: a writer that was overtaken stores nothing.
   */
  append(key: RunKey, node: LogSource, lines: readonly LogLine[], after?: number): Promise<number>;
  /** Whose a node's last stored lines are, and their position. */
  tail(key: RunKey, nodeId: string): Promise<(LogSource & { readonly seq: number }) | undefined>;
  read(
    key: RunKey,
    options: { readonly node?: string; readonly follow?: AbortSignal },
  ): AsyncIterable<
    LogLine & {
      readonly nodeId: string;
      readonly attempt: number;
      readonly run?: string;
      readonly seq: number;
    }
  >;
  purge(key: RunKey): Promise<void>;
}

/** Whose lines they are. `run`: tells runs apart that had the name one after another; absent in old records. */
export interface LogSource {
  readonly id: string;
  readonly attempt: number;
  readonly run?: string;
}

/** A line of a step's output. */
export interface LogLine {
  /** Epoch ms. */
  readonly at: number;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}
