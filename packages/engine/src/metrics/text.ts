import type { MetricLabel } from "./emission.ts";

export interface Series {
  readonly labels: readonly MetricLabel[];
  /** Of a histogram the sum of what was observed. */
  value: number;
  count: number;
  /** Observations at or under each bound. */
  readonly buckets: number[];
}

export interface Family {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly buckets: readonly number[];
  readonly series: Map<string, Series>;
}

/** One metric in Prometheus' text format, version 0.0.4. */
export function familyText(name: string, family: Family): string {
  const head = `# HELP ${name} ${escaped(family.help, false)}\n# TYPE ${name} ${family.kind}\n`;
  const lines = [...family.series.values()].flatMap((series) => seriesLines(name, family, series));
  return `${head}${lines.join("\n")}\n`;
}

function seriesLines(name: string, family: Family, { labels, value, count, buckets }: Series): string[] {
  if (family.kind !== "histogram") return [`${name}${labelText(labels)} ${numberText(value)}`];
  const bucket = (bound: string, n: number) => `${name}_bucket${labelText([...labels, ["le", bound]])} ${n}`;
  return [
    ...family.buckets.map((bound, i) => bucket(numberText(bound), buckets[i] ?? 0)),
    bucket("+Inf", count),
    `${name}_sum${labelText(labels)} ${numberText(value)}`,
    `${name}_count${labelText(labels)} ${count}`,
  ];
}

const labelText = (labels: readonly MetricLabel[]): string =>
  labels.length === 0
    ? ""
    : `{${labels.map(([name, value]) => `${name}="${escaped(value, true)}"`).join(",")}}`;

const numberText = (value: number): string => {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
};

const escaped = (text: string, quotes: boolean): string => {
  const plain = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return quotes ? plain.replaceAll('"', '\\"') : plain;
};
