// The books of asks and locks: what is put on them is asked of the world, what leaves them is given back.
import type { Ask, ConfigAsk, LockAsk, MemoAsk } from "../state/asks.ts";
import type { Run } from "../state/run.ts";

type NewAsk = Omit<LockAsk, "order"> | Omit<MemoAsk, "order"> | Omit<ConfigAsk, "order">;

export function putAsk(run: Run, ask: NewAsk): void {
  run.asks.set(ask.id, { ...ask, order: run.askCount });
  run.askCount += 1;
  run.changes.ask.push(ask.id);
}

/** Takes an ask of the kind that was answered off the books; undefined for a late or repeated answer. */
export function takeAsk<K extends Ask["kind"]>(
  run: Run,
  id: string,
  kind: K,
): Extract<Ask, { kind: K }> | undefined {
  const ask = run.asks.get(id);
  if (ask?.kind !== kind) return undefined;
  run.asks.delete(id);
  return ask as Extract<Ask, { kind: K }>;
}

/** Gives back what the ask got, or takes it back when it still waits. */
export function giveBack(run: Run, id: string): void {
  const ask = run.asks.get(id);
  run.asks.delete(id);
  const held = run.locks.get(id);
  run.locks.delete(id);
  if (ask?.kind === "locks") run.changes.release.push({ ask: id, locks: ask.locks });
  else if (held !== undefined) run.changes.release.push({ ask: id, ...held });
}

/** The run is over: nothing is awaited, nothing held. */
export function dropAsks(run: Run): void {
  for (const id of [...run.asks.keys(), ...run.locks.keys()]) giveBack(run, id);
}

/** Whether the run holds, or waits for, what the ask names: anything else that bears its name is left from before. */
export const isClaimed = (run: Run, ask: string): boolean =>
  run.stage !== "done" && (run.locks.has(ask) || run.asks.get(ask)?.kind === "locks");

/** After a restart all that is awaited is asked again; what was given back before is given back unless it is held anew. */
export function resumeAsks(run: Run): void {
  const release = run.changes.release.filter(({ ask }) => !isClaimed(run, ask));
  run.changes = { ...run.changes, ask: [...run.asks.keys()], save: [...run.saves.keys()], release };
}
