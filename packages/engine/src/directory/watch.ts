import { Mailbox } from "@sluice/base";
import type { RunChange } from "../loop/registry.ts";
import type { WorkflowObject } from "../project/workflow.ts";
import type { RunKeyed } from "../run/state/run.ts";
import type { RunDirectoryDeps } from "./directory.ts";
import { parseLabelSelector } from "./label-selector.ts";
import { listRuns } from "./list.ts";
import type { RunEvent } from "./port.ts";

interface WatchQuery {
  readonly namespace: string | undefined;
  readonly name?: string;
  readonly labelSelector?: string;
}

type Find = (key: RunKeyed) => Promise<WorkflowObject | undefined>;

/** Changes are level-triggered: several at once are shown as one, with the newest state. */
export async function* watchRuns(
  deps: RunDirectoryDeps,
  find: Find,
  query: WatchQuery,
  signal: AbortSignal,
): AsyncIterable<RunEvent> {
  const fits = parseLabelSelector(query.labelSelector);
  const inbox = new Mailbox<RunChange>(signal);
  const stop = deps.registry.onChange((change) => {
    if (query.namespace !== undefined && change.key.namespace !== query.namespace) return;
    if (query.name === undefined || change.key.name === query.name) inbox.put(change);
  });
  const shown = new Map<string, WorkflowObject>();
  try {
    for (const object of await initial(deps, find, query)) {
      if (signal.aborted) return;
      shown.set(idOf(object.metadata), object);
      yield { type: "ADDED", object };
    }
    while (!signal.aborted) {
      await inbox.ready();
      const keys = new Map(inbox.drain().map((change) => [idOf(change.key), change.key]));
      for (const [id, key] of keys) {
        const event = eventOf(shown.get(id), await find(key), fits);
        if (event === undefined) continue;
        if (event.type === "DELETED") shown.delete(id);
        else shown.set(id, event.object);
        yield event;
        if (event.type === "DELETED" && query.name !== undefined) return;
      }
    }
  } finally {
    stop();
    inbox.close();
  }
}

async function initial(
  deps: RunDirectoryDeps,
  find: Find,
  query: WatchQuery,
): Promise<readonly WorkflowObject[]> {
  if (query.name === undefined || query.namespace === undefined) {
    const { labelSelector } = query;
    return (await listRuns(deps, query.namespace, labelSelector === undefined ? {} : { labelSelector }))
      .items;
  }
  const object = await find({ namespace: query.namespace, name: query.name });
  return object === undefined ? [] : [object];
}

function eventOf(
  before: WorkflowObject | undefined,
  now: WorkflowObject | undefined,
  fits: (labels: Readonly<Record<string, string>>) => boolean,
): RunEvent | undefined {
  if (now === undefined || !fits(now.metadata.labels))
    return before === undefined ? undefined : { type: "DELETED", object: before };
  return { type: before === undefined ? "ADDED" : "MODIFIED", object: now };
}

const idOf = (key: { readonly namespace: string; readonly name: string }): string =>
  `${key.namespace}/${key.name}`;
