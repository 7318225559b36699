// Law W5 (fleet-laws.ts). When every run is over nothing is kept for any of them: no engine that lives has a slot taken or a step in its
// line, and no lock has a holder or somebody who waits.
import type { KeyValue } from "@sluice/bus";
import type { MetricsRegistry } from "@sluice/engine";

interface Metered {
  readonly name: string;
  readonly metrics: MetricsRegistry;
}

/** What there is against the law. */
export async function leftovers(engines: readonly Metered[], locks: KeyValue): Promise<readonly string[]> {
  const found = engines.flatMap(({ name, metrics }) =>
    metrics
      .text()
      .split("\n")
      .filter((line) => line.includes('"step_slots"') && !line.endsWith(" 0"))
      .map((line) => `${name}: ${line}`),
  );
  for await (const { key, value } of locks.entries("h.>")) {
    const { holders } = JSON.parse(Buffer.from(value).toString("utf8")) as { holders: readonly object[] };
    if (holders.length > 0) found.push(`${key} is held by ${JSON.stringify(holders)}`);
  }
  for await (const { key } of locks.entries("q.>")) found.push(`${key} waits`);
  return found;
}
