// How benchmarks say what they measured: distributions, and ratios to a floor of the same run.
import { cpus, totalmem } from "node:os";

export interface Distribution {
  readonly name: string;
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Nearest-rank percentiles of values in ms. */
export function distribution(name: string, values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return {
    name,
    count: sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    max: sorted.at(-1) ?? Number.NaN,
  };
}

const ms = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(1)).padStart(9);

/** Prints the machine, then each distribution; those after the first with their p50's ratio to the first, the floor. */
export function report(title: string, rows: readonly Distribution[]): void {
  const [floor] = rows;
  console.log(`\n${title}   (ms; ${rows.length > 1 ? `ratio = p50 to '${floor?.name}'` : ""})`);
  console.log(
    `${"".padEnd(44)}${["n", "p50", "p90", "p99", "max"].map((head) => head.padStart(9)).join("")}    ratio`,
  );
  for (const row of rows) {
    const ratio = floor === undefined || row === floor ? "" : `${(row.p50 / floor.p50).toFixed(2)}×`;
    console.log(
      `${row.name.padEnd(44)}${String(row.count).padStart(9)}${[row.p50, row.p90, row.p99, row.max].map(ms).join("")}${ratio.padStart(9)}`,
    );
  }
}

export function goal(text: string, met: boolean): void {
  console.log(`${met ? "met   " : "MISSED"}  ${text}`);
}

export function machine(): string {
  return `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
}

/** Calls `send(i)` at a fixed rate whatever the answers take (open loop): no slow answer hides another. */
export async function openLoop(
  ratePerSecond: number,
  count: number,
  send: (index: number) => Promise<void>,
): Promise<void> {
  const startedAt = performance.now();
  const all: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    const due = startedAt + (i * 1_000) / ratePerSecond;
    while (performance.now() < due)
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    all.push(send(i));
  }
  await Promise.all(all);
}
