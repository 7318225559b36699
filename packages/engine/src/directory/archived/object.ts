import { objectOf } from "../../project/archive.ts";
import type { WorkflowObject } from "../../project/workflow-object.ts";
import { isRow, type RunPlaces } from "../places.ts";
import type { IndexedRow } from "./row.ts";

/** The object of a row of the index; undefined when it was deleted meanwhile. */
export async function archivedObject(
  { archive, deletions }: Pick<RunPlaces, "archive" | "deletions">,
  { key, object }: Pick<IndexedRow, "key" | "object">,
): Promise<WorkflowObject | undefined> {
  if (object !== undefined) return objectOf({ object });
  const row = await archive.get(key);
  return isRow(row) && !deletions.has(row.uid) ? objectOf(row) : undefined;
}
