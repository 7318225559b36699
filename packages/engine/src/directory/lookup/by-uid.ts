// A run by its uid: the one that it has, or one that it had before it was tried again.
import type { WorkflowObject } from "../../project/workflow-object.ts";
import type { Run, RunKeyed } from "../../run/state/run.ts";
import type { RunPlaces } from "../places.ts";

/**
 * Undefined when there is none. Unfinished runs are few and looked through; finished ones are found in the archive's
 * index, or, where it is not complete, by reading the archive.
 */
export async function findByUid(places: RunPlaces, uid: string): Promise<WorkflowObject | undefined> {
  const key = (await unfinishedKey(places, uid)) ?? (await archivedKey(places, uid));
  return key === undefined ? undefined : places.find(key);
}

async function unfinishedKey(
  { registry, journal, reader }: RunPlaces,
  uid: string,
): Promise<RunKeyed | undefined> {
  const live = registry.list().find(({ run }) => isCalled(run, uid));
  if (live !== undefined) return live.run.key;
  for (const key of await journal.keys()) {
    const read = registry.get(key) ?? (await reader.read(key));
    if (read !== undefined && isCalled(read.run, uid)) return key;
  }
  return undefined;
}

const isCalled = ({ uid, sealed, submitted }: Run, wanted: string): boolean =>
  !sealed && (uid === wanted || (submitted.reuse?.earlier ?? []).includes(wanted));

async function archivedKey({ index, archive }: RunPlaces, uid: string): Promise<RunKeyed | undefined> {
  const found = await index.keyOf(uid);
  if (found !== "unknown") return found;
  for await (const row of archive.list())
    if (row.uid === uid || (row.earlier ?? []).includes(uid)) return row.key;
  return undefined;
}
