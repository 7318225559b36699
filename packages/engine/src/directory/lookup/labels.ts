import type { RunPlaces } from "../places.ts";

/** Labels of finished runs: each key with the values that it has, both in order. */
export type LabelValues = ReadonlyMap<string, readonly string[]>;

export async function archivedLabels(
  { index, archive, deletions }: RunPlaces,
  namespace: string | undefined,
): Promise<LabelValues> {
  const values = new Map<string, Set<string>>();
  for await (const { uid, labels } of (await index.rows(namespace)) ?? archive.list(namespace)) {
    if (deletions.has(uid)) continue;
    for (const [key, value] of Object.entries(labels)) {
      const its = values.get(key);
      if (its === undefined) values.set(key, new Set([value]));
      else its.add(value);
    }
  }
  return new Map(
    [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, its]) => [key, [...its].sort()] as const),
  );
}
