import { cutTo, widthOf } from "./colour.ts";

/**
 * Rows as aligned columns, two spaces apart; nothing is padded at the end of a line. Lines are cut to `columns`. Without
 * a header there is none.
 */
export function renderTable(
  header: readonly string[] | undefined,
  rows: readonly (readonly string[])[],
  columns = Number.POSITIVE_INFINITY,
): string {
  const all = header === undefined ? rows : [header, ...rows];
  const widths = (all[0] ?? []).map((_, column) =>
    all.reduce((widest, row) => Math.max(widest, widthOf(row[column] ?? "")), 0),
  );
  return all
    .map((row) => {
      const line = row
        .map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
        .join("  ")
        .trimEnd();
      return cutTo(line, columns);
    })
    .join("\n");
}

/** Argo's column of the values. */
const labelWidth = 31;

/** `Name:    value` a line, the values in one column. */
export const labelled = (rows: readonly (readonly [label: string, value: string])[]): string =>
  rows.map(([label, value]) => `${label.padEnd(labelWidth)}${value}`.trimEnd()).join("\n");
