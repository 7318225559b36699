import type { Seen } from "./seen.ts";

/** What an example is known by beside its phase: nodes, lines printed, outputs, order. */
export interface Expectation {
  /** In place of the row's, where the row only supposes: one of its steps ends with 1, say. */
  readonly phases?: readonly string[];
  /** Lines of `displayName Type Phase message`, each of which some node must begin with. */
  readonly nodes?: readonly string[];
  /** Display names that no node may have. */
  readonly absent?: readonly string[];
  /** By display name (or `*`): a line that it must have printed, whole. */
  readonly prints?: Readonly<Record<string, string | RegExp>>;
  readonly message?: RegExp;
  /** The workflow's own output parameters. */
  readonly outputs?: Readonly<Record<string, string | RegExp>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** How many nodes of a type there are. */
  readonly count?: Readonly<Record<string, number>>;
  /** At most so many leaves ran at the same time, by their node's own times. */
  readonly atOnce?: number;
  readonly leastSeconds?: number;
  /** What is wrong with it, in words. */
  readonly judge?: (seen: Seen) => string | undefined;
  /** What a person does while it waits: outputs set at the suspend nodes, then resumed. */
  readonly resume?: Readonly<Record<string, string>>;
  /** Ask for the end after it was seen in its phase. */
  readonly terminate?: true;
  /** Run a second time right after, and judged so. */
  readonly again?: Omit<Expectation, "again">;
  /** Seconds after which it counts as hung. Default 90. */
  readonly withinSeconds?: number;
}
