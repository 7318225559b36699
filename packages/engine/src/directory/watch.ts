import { backoffMs, type Clock, defaultBackoff, Mailbox, retryOf, sleepFor } from "@sluice/base";
import type { WorkflowObject } from "../project/workflow-object.ts";
import { idOf, type RunKeyed } from "../run/state/run.ts";
import type { ChangeFeed } from "./change-feed.ts";
import { parseLabelSelector } from "./label-selector.ts";
import { listRuns } from "./list.ts";
import type { RunPlaces } from "./places.ts";
import type { RunEvent } from "./port.ts";

interface WatchQuery {
  readonly namespace: string | undefined;
  readonly name?: string;
  readonly labelSelector?: string;
}

/**
 * A run of many steps changes many times a second, and is a large object: a watcher that was shown every change would
 * cost more than the steps. After each look there is a pause, so that watching takes a tenth of the time at most, and
 * no more looks come than someone could follow.
 */
/** A look that takes less is not worth a pause. */
const leastWorkMs = 0.5;
const leastPauseMs = 20;
const longestPauseMs = 1_000;
const pausePerWork = 9;

export interface WatchDeps {
  readonly places: RunPlaces;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
}

/** Changes are level-triggered: several at once are shown as one, with the newest state. */
export async function* watchRuns(
  { places, feed, clock }: WatchDeps,
  query: WatchQuery,
  signal: AbortSignal,
): AsyncIterable<RunEvent> {
  const fits = parseLabelSelector(query.labelSelector);
  const inbox = new Mailbox<RunKeyed>(signal);
  const stop = feed.subscribe((key) => {
    if (query.namespace !== undefined && key.namespace !== query.namespace) return;
    if (query.name === undefined || key.name === query.name) inbox.put(key);
  });
  const shown = new Map<string, WorkflowObject>();
  try {
    await Promise.race([feed.ready, aborted(signal)]);
    for (const object of await initial(places, query)) {
      if (signal.aborted) return;
      shown.set(idOf(object.metadata), object);
      yield { type: "ADDED", object };
    }
    while (!signal.aborted) {
      await inbox.ready();
      const startedAt = clock.monotonic();
      const keys = new Map(inbox.drain().map((key) => [idOf(key), key]));
      for (const [id, key] of keys) {
        const event = await changeOf({ places, clock }, { key, before: shown.get(id), fits }, signal);
        if (event === undefined) continue;
        if (event.type === "DELETED") shown.delete(id);
        else shown.set(id, event.object);
        yield event;
        if (event.type === "DELETED" && query.name !== undefined) return;
      }
      const workMs = clock.monotonic() - startedAt;
      if (workMs >= leastWorkMs)
        await sleepFor(clock, Math.min(longestPauseMs, leastPauseMs + pausePerWork * workMs), signal);
    }
  } finally {
    stop();
    inbox.close();
  }
}

const again = { ...defaultBackoff, capMs: 5_000, jitter: 0 };

interface Look {
  readonly key: RunKeyed;
  readonly before: WorkflowObject | undefined;
  readonly fits: (labels: Readonly<Record<string, string>>) => boolean;
}

/** While the bus is away the look is tried again; a run that cannot be read costs only itself. */
async function changeOf(
  { places, clock }: Pick<WatchDeps, "places" | "clock">,
  { key, before, fits }: Look,
  signal: AbortSignal,
): Promise<RunEvent | undefined> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      return eventOf(before, await places.find(key), fits);
    } catch (error) {
      if (retryOf(error) !== "later") return undefined;
      await sleepFor(clock, backoffMs(again, attempt, 0), signal);
    }
  }
  return undefined;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

async function initial(places: RunPlaces, query: WatchQuery): Promise<readonly WorkflowObject[]> {
  if (query.name === undefined || query.namespace === undefined) {
    const { labelSelector } = query;
    return (await listRuns(places, query.namespace, labelSelector === undefined ? {} : { labelSelector }))
      .items;
  }
  const object = await places.find({ namespace: query.namespace, name: query.name });
  return object === undefined ? [] : [object];
}

function eventOf(
  before: WorkflowObject | undefined,
  now: WorkflowObject | undefined,
  fits: (labels: Readonly<Record<string, string>>) => boolean,
): RunEvent | undefined {
  if (now === undefined || !fits(now.metadata.labels))
    return before === undefined ? undefined : { type: "DELETED", object: before };
  if (before !== undefined && isFinal(before, now)) return undefined;
  return { type: before === undefined ? "ADDED" : "MODIFIED", object: now };
}

/** A finished run's way from the registry to the archive changes nothing of it. */
const isFinal = (before: WorkflowObject, now: WorkflowObject): boolean =>
  before.status.finishedAt !== null && before.metadata.uid === now.metadata.uid;
