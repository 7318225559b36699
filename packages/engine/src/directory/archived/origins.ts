import { originLabels } from "../../estimation/estimate.ts";
import { idOf } from "../../run/state/run.ts";
import type { IndexedRow } from "./row.ts";

/** The runs that went well, by what they are runs of: which of them began last is known without a look at the others. */
export class Origins {
  readonly #runs = new Map<
    string,
    { readonly rows: Map<string, IndexedRow>; newest: IndexedRow | undefined }
  >();

  add(row: IndexedRow): void {
    for (const origin of originsOf(row)) {
      const of = this.#runs.get(origin) ?? { rows: new Map<string, IndexedRow>(), newest: undefined };
      this.#runs.set(origin, of);
      of.rows.set(idOf(row.key), row);
      of.newest = later(of.newest, row);
    }
  }

  remove(row: IndexedRow): void {
    for (const origin of originsOf(row)) {
      const of = this.#runs.get(origin);
      if (of === undefined) continue;
      of.rows.delete(idOf(row.key));
      if (of.rows.size === 0) this.#runs.delete(origin);
      // Rows go oldest first: that it is the newest one is rare.
      else if (of.newest === row) of.newest = [...of.rows.values()].reduce(later);
    }
  }

  /** Of the first label that has any. */
  newest(namespace: string, labels: Readonly<Record<string, string>>): IndexedRow | undefined {
    for (const label of originLabels) {
      const value = labels[label];
      const newest = value === undefined ? undefined : this.#runs.get(idIn(namespace, label, value))?.newest;
      if (newest !== undefined) return newest;
    }
    return undefined;
  }
}

const idIn = (namespace: string, label: string, value: string): string => `${namespace}/${label}=${value}`;

const originsOf = ({ key, phase, labels }: IndexedRow): readonly string[] =>
  phase !== "Succeeded"
    ? []
    : originLabels.flatMap((label) => {
        const value = labels[label];
        return value === undefined ? [] : [idIn(key.namespace, label, value)];
      });

const later = (a: IndexedRow | undefined, b: IndexedRow): IndexedRow =>
  a !== undefined && a.startedAt > b.startedAt ? a : b;
