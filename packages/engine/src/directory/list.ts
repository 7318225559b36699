import { EngineError } from "../errors.ts";
import type { LiveRun } from "../loop/registry.ts";
import { labelsOf, projectWorkflow } from "../project/workflow.ts";
import type { WorkflowObject } from "../project/workflow-object.ts";
import { idOf, type Run } from "../run/state/run.ts";
import { archivedObject } from "./archived/object.ts";
import { type FilteredRow, filterOf } from "./filter.ts";
import type { RunPlaces } from "./places.ts";
import type { RunList, RunQuery } from "./port.ts";

interface Entry {
  readonly id: string;
  readonly submittedAt: number;
  /** Undefined when it was deleted meanwhile. */
  readonly object: () => Promise<WorkflowObject | undefined>;
}

const defaultLimit = 500;

/** Newest first; only what is on the page is unpacked. The page after another begins behind its last run, gone or not. */
export async function listRuns(
  places: RunPlaces,
  namespace: string | undefined,
  query: RunQuery,
): Promise<RunList> {
  const entries = await entriesOf(places, namespace, query);
  entries.sort(inOrder);
  const page = entries.slice(0, query.limit ?? defaultLimit);
  const objects = await Promise.all(page.map((entry) => entry.object()));
  const last = page.at(-1);
  return {
    items: objects.filter((object) => object !== undefined),
    ...(last !== undefined && page.length < entries.length
      ? { continue: `${last.submittedAt}:${last.id}` }
      : {}),
  };
}

type Position = Pick<Entry, "id" | "submittedAt">;

const inOrder = (a: Position, b: Position): number =>
  b.submittedAt - a.submittedAt || (a.id < b.id ? -1 : a.id === b.id ? 0 : 1);

/** Errors: ENGINE_CONTINUE_INVALID. */
function positionOf(token: string | undefined): Position | undefined {
  if (token === undefined) return undefined;
  const [, submittedAt, id] = /^(\d{1,16}):([^/]+\/.+)$/.exec(token) ?? [];
  if (submittedAt === undefined || id === undefined) throw EngineError.CONTINUE_INVALID({ token });
  return { submittedAt: Number(submittedAt), id };
}

async function entriesOf(
  places: RunPlaces,
  namespace: string | undefined,
  query: RunQuery,
): Promise<Entry[]> {
  const { registry, journal, archive, deletions } = places;
  const fits = filterOf(query);
  const after = positionOf(query.continue);
  const seen = new Set<string>();
  const entries: Entry[] = [];
  const add = (row: FilteredRow, object: Entry["object"]) => {
    const entry = { id: idOf(row.key), submittedAt: row.submittedAt, object };
    if (after !== undefined && inOrder(after, entry) >= 0) return;
    if (fits(row)) entries.push(entry);
  };
  /** A sealed run is in the archive, or was deleted from it. */
  const addRun = (run: Run, object: () => WorkflowObject) => {
    if (run.sealed) return;
    seen.add(idOf(run.key));
    if (run.deleted || deletions.has(run.uid)) return;
    const { at: submittedAt, causes } = run.submitted;
    const { key, phase, finishedAt } = run;
    add({ key, phase, submittedAt, finishedAt, labels: labelsOf(run), causes }, async () => object());
  };
  const addLive = (live: LiveRun) =>
    addRun(live.run, () => projectWorkflow(live.run, live.seq, (stepId) => live.step(stepId)));
  for (const live of registry.list(namespace)) addLive(live);
  for (const key of await journal.keys(namespace)) {
    if (seen.has(idOf(key))) continue;
    // One that came while the names were asked for is not among those above.
    const live = registry.get(key);
    if (live !== undefined) addLive(live);
    if (live !== undefined) continue;
    const read = await places.reader.read(key);
    if (read !== undefined) addRun(read.run, () => projectWorkflow(read.run, read.seq));
  }
  // W1: after the journals.
  for await (const row of (await places.index.rows(namespace)) ?? archive.list(namespace))
    if (!seen.has(idOf(row.key)) && !deletions.has(row.uid)) add(row, () => archivedObject(places, row));
  return entries;
}
