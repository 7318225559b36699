// The metrics of one engine process, as Prometheus reads them. In memory: a restart begins at nothing, as counters may.
// Invariants
//   M1. Bounded: so many series at most; what is over the bound is dropped and counted.
//   M2. A name keeps its kind; an emission of another is dropped and counted.
import type { MetricEmission, MetricLabel } from "./emission.ts";
import { type Family, familyText, type Series } from "./text.ts";

export interface MetricsOptions {
  /** Series of all metrics together. Default 10,000. */
  readonly maxSeries?: number;
}

/** Longest value of a label; what is over is cut. */
const maxLabelLength = 1_024;
const maxLabels = 32;
const maxBuckets = 100;
const namePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

type Emitted = Exclude<MetricEmission, { kind: "problem" }>;

export class MetricsRegistry {
  readonly #maxSeries: number;
  readonly #families = new Map<string, Family>();
  readonly #collectors = new Set<() => Iterable<MetricEmission>>();
  #size = 0;
  readonly #dropped = new Map<string, number>();

  constructor(options: MetricsOptions = {}) {
    this.#maxSeries = options.maxSeries ?? 10_000;
  }

  /** Takes what was emitted; returns why something of it was not taken. */
  take(emissions: Iterable<MetricEmission>): readonly string[] {
    const problems: string[] = [];
    for (const emission of emissions) {
      const problem = emission.kind === "problem" ? emission.reason : this.#one(emission);
      if (problem === undefined) continue;
      const cause = emission.kind === "problem" ? "unresolved" : "refused";
      this.#dropped.set(cause, (this.#dropped.get(cause) ?? 0) + 1);
      problems.push(`metric '${emission.name}': ${problem}`);
    }
    return problems;
  }

  /** Adds values that are read at each scrape. Returns how to take them out. */
  collect(collector: () => Iterable<MetricEmission>): () => void {
    this.#collectors.add(collector);
    return () => void this.#collectors.delete(collector);
  }

  /** The text of one scrape: what was taken, and over it what is read now. */
  text(): string {
    const now = new MetricsRegistry({ maxSeries: this.#maxSeries });
    for (const collector of this.#collectors) now.take(collector());
    const names = new Set([...this.#families.keys(), ...now.#families.keys()]);
    let text = "";
    for (const name of [...names].sort()) {
      const live = now.#families.get(name);
      const kept = this.#families.get(name);
      const family = live ?? kept;
      if (family === undefined) continue;
      const series = new Map([...(kept?.series ?? []), ...(live?.series ?? [])]);
      text += familyText(`argo_workflows_${name}`, { ...family, series });
    }
    return text + this.#droppedText();
  }

  #droppedText(): string {
    const lines = [...this.#dropped].map(
      ([cause, count]) => `sluice_metrics_dropped_total{cause="${cause}"} ${count}\n`,
    );
    return lines.length === 0
      ? ""
      : `# HELP sluice_metrics_dropped_total Emissions of metrics that were not taken\n# TYPE sluice_metrics_dropped_total counter\n${lines.join("")}`;
  }

  #one(emission: Emitted): string | undefined {
    const { name, labels } = emission;
    if (!namePattern.test(name)) return "its name must consist of letters, digits and '_'";
    const invalid = invalidLabels(labels);
    if (invalid !== undefined) return invalid;
    let family = this.#families.get(name);
    if (family !== undefined && family.kind !== emission.kind)
      return `it is a ${family.kind} already, not a ${emission.kind}`;
    if (emission.kind === "counter" && emission.value < 0) return "a counter cannot go down";
    const key = JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
    if (!family?.series.has(key)) {
      if (this.#size >= this.#maxSeries) return `there are ${this.#maxSeries} series already`;
      this.#size += 1;
    }
    if (family === undefined) {
      family = { kind: emission.kind, help: emission.help, buckets: bucketsOf(emission), series: new Map() };
      this.#families.set(name, family);
    }
    apply(family, key, emission);
    return undefined;
  }
}

function invalidLabels(labels: readonly MetricLabel[]): string | undefined {
  if (labels.length > maxLabels) return `it has more than ${maxLabels} labels`;
  const names = new Set(labels.map(([name]) => name));
  if (names.size < labels.length) return "a label is there twice";
  const odd = labels.find(([name]) => !namePattern.test(name) || name === "le");
  return odd === undefined ? undefined : `its label '${odd[0].slice(0, 100)}' is no label's name`;
}

const bucketsOf = (emission: Emitted): readonly number[] =>
  emission.kind === "histogram"
    ? [...new Set(emission.buckets)].sort((a, b) => a - b).slice(0, maxBuckets)
    : [];

function apply(family: Family, key: string, emission: Emitted): void {
  const labels = emission.labels.map(([name, value]): MetricLabel => [name, value.slice(0, maxLabelLength)]);
  const series: Series = family.series.get(key) ?? {
    labels,
    value: 0,
    count: 0,
    buckets: family.buckets.map(() => 0),
  };
  family.series.set(key, series);
  if (emission.kind === "counter") series.value += emission.value;
  else if (emission.kind === "gauge") {
    if (emission.operation === "Set") series.value = emission.value;
    else series.value += emission.operation === "Add" ? emission.value : -emission.value;
  } else {
    series.value += emission.value;
    series.count += 1;
    for (const [i, bound] of family.buckets.entries())
      if (emission.value <= bound) series.buckets[i] = (series.buckets[i] ?? 0) + 1;
  }
}
