import type { Progress } from "../executor/progress.ts";

/** What is known of a step that runs now and is not in the journal. */
export interface LiveStep {
  readonly started?: { readonly at: number; readonly host?: string };
  /** How far it is by its own word, where that is newer than in the journal. */
  readonly progress?: Progress;
  /** What it waits for, in the executor's words. */
  readonly pending?: string;
  /** The lock that a node, or the run, waits for. */
  readonly lock?: string;
}
export type LiveSteps = (stepId: string) => LiveStep | undefined;
