// The join of one trigger: which events wait, and when they fire. Pure: no I/O, clock or chance.
// Invariants
//   M1. An event takes part in at most one firing of a trigger, however often and in whatever order it is delivered
//       (as long as it is among the last `seenLimit` events that were used up).
//   M2. Of one dependency the newest event (by its place in the stream) waits; what it displaced is reported.
//   M3. A firing clears every waiting event of the trigger, as in Argo: `(a && b) || c` fired by c clears a.
//   M4. The same state and event give the same transition, so a crash before the state was stored repeats the
//       firing with the same request id.
import { hashId } from "@sluice/base";
import type { StoredEvent } from "@sluice/spec";

/** How many used-up events a trigger remembers. */
export const seenLimit = 256;

/** When a trigger fires. */
export interface JoinPlan {
  /** Dependencies that its condition names, sorted. */
  readonly dependencies: readonly string[];
  /** Whether the condition holds when these are filled. */
  satisfied(filled: ReadonlySet<string>): boolean;
}

export interface Waiting {
  readonly dependency: string;
  readonly key: string;
  /** Place in EVENTS. */
  readonly seq: number;
  readonly event: StoredEvent;
  /** Hash of the dependency's definition under which the event passed. */
  readonly definition: string;
}

export interface JoinState {
  readonly v: 1;
  /** Sorted by dependency. A list, not a map: names come from outside. */
  readonly waiting: readonly Waiting[];
  /** Keys of events that fired or were displaced, oldest first. */
  readonly seen: readonly string[];
}

export const emptyJoin: JoinState = { v: 1, waiting: [], seen: [] };

/** One event with every dependency of the trigger that it passed. */
export interface Matched {
  readonly event: StoredEvent;
  readonly seq: number;
  readonly dependencies: readonly { readonly name: string; readonly definition: string }[];
}

export type JoinEffect =
  /** Ask for the action with these events. */
  | { readonly type: "fire"; readonly events: readonly Waiting[] }
  /** This event was dropped because a newer one of its dependency is there. */
  | { readonly type: "replaced"; readonly waiting: Waiting };

export interface JoinTransition {
  readonly state: JoinState;
  readonly effects: readonly JoinEffect[];
  /** The event was used up or waits already: nothing happened. */
  readonly repeat: boolean;
  /** Dependencies filled after this event, before a firing cleared them. */
  readonly filled: readonly string[];
}

/** Names an event within its namespace: the same event has the same key however often it is stored. */
export function eventKey(event: StoredEvent): string {
  return hashId(event.origin.source, event.origin.event, event.event.id).slice(0, 20);
}

const byName = (a: Waiting, b: Waiting): number =>
  a.dependency < b.dependency ? -1 : a.dependency > b.dependency ? 1 : 0;

const remember = (seen: readonly string[], keys: readonly string[]): readonly string[] =>
  [...seen.filter((key) => !keys.includes(key)), ...keys].slice(-seenLimit);

/** One event arrives at a trigger. See M1–M4. */
export function reduceJoin(plan: JoinPlan, state: JoinState, matched: Matched): JoinTransition {
  const key = eventKey(matched.event);
  const names = state.waiting.map((w) => w.dependency);
  if (state.seen.includes(key)) return { state, effects: [], repeat: true, filled: names };

  const waiting = new Map(state.waiting.map((w) => [w.dependency, w]));
  const replaced: Waiting[] = [];
  let changed = false;
  for (const { name, definition } of matched.dependencies) {
    if (!plan.dependencies.includes(name)) continue;
    const arrived: Waiting = { dependency: name, key, seq: matched.seq, event: matched.event, definition };
    const present = waiting.get(name);
    if (present?.key === key) continue;
    if (present !== undefined && present.seq > matched.seq) {
      replaced.push(arrived);
      continue;
    }
    if (present !== undefined) replaced.push(present);
    waiting.set(name, arrived);
    changed = true;
  }
  const filled = [...waiting.keys()].sort();
  const effects: JoinEffect[] = replaced.map((w) => ({ type: "replaced", waiting: w }));
  if (!changed && replaced.length === 0) return { state, effects, repeat: true, filled };

  if (changed && plan.satisfied(new Set(filled))) {
    const events = [...waiting.values()].sort(byName);
    const used = [...replaced, ...events].map((w) => w.key);
    return {
      state: { v: 1, waiting: [], seen: remember(state.seen, [...new Set(used)]) },
      effects: [...effects, { type: "fire", events }],
      repeat: false,
      filled,
    };
  }
  const kept = [...waiting.values()].sort(byName);
  // An event displaced under one name may still wait under another.
  const gone = replaced.map((w) => w.key).filter((k) => !kept.some((w) => w.key === k));
  return {
    state: { v: 1, waiting: kept, seen: remember(state.seen, [...new Set(gone)]) },
    effects,
    repeat: false,
    filled,
  };
}

/**
 * The state under an edited sensor: what waits for a dependency that is gone is dropped; what passed an older
 * definition of its dependency is asked again by `passes`.
 */
export function respecify(
  plan: JoinPlan,
  state: JoinState,
  definitions: ReadonlyMap<string, string>,
  passes: (dependency: string, event: StoredEvent) => boolean,
): JoinState {
  const waiting = state.waiting.flatMap((w) => {
    const definition = definitions.get(w.dependency);
    if (definition === undefined || !plan.dependencies.includes(w.dependency)) return [];
    if (definition === w.definition) return [w];
    return passes(w.dependency, w.event) ? [{ ...w, definition }] : [];
  });
  return { ...state, waiting };
}
