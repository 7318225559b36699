// What a Stop or a Terminate does to what is there: whom it spares, what is told to end, and in which words.
import type { StopRequested } from "../../facts.ts";
import type { Unit } from "../state/frames.ts";
import type { Run } from "../state/run.ts";

/** Argo's words for what a shutdown ended, and for a run that failed with one. */
export const stoppedText = ({ strategy }: StopRequested): string => `Stopped with strategy '${strategy}'`;

/** What the run says of its end, if there was a shutdown: what was said with it, else Argo's words. */
export const shutdownMessage = ({ shutdown }: Run): string | undefined =>
  shutdown === undefined ? undefined : (shutdown.message ?? stoppedText(shutdown));

/** Exit handlers outlive a Stop, and nothing else does. */
export const isSpared = (shutdown: StopRequested, { call }: Pick<Unit, "call">): boolean =>
  shutdown.strategy === "Stop" && call.exiting;

/** Asks for the end of every step that the run's shutdown, if there is one, does not spare; of a deleted run at once. */
export function stopAll(run: Run): void {
  const { shutdown } = run;
  if (shutdown === undefined) return;
  for (const [stepId, unit] of run.steps)
    if (!isSpared(shutdown, unit)) run.changes.stop.push({ stepId, how: run.deleted ? "kill" : "term" });
}
