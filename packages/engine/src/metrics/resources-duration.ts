import { isObject } from "@sluice/base";
import type { Template } from "@sluice/spec";

/** What Argo takes for a container that requests nothing. */
const defaults = { cpu: 0.1, memory: 100 * 1024 ** 2 };
/** One second of a whole processor, or of 100 MiB. */
const units = { cpu: 1, memory: 100 * 1024 ** 2 };

/** Whole seconds of a unit of what a step requests. */
export interface ResourcesDuration {
  readonly cpu: number;
  readonly memory: number;
}

/** What a step that ran so long took: of its main container alone; undefined for what has none. */
export function resourcesOf(template: Template, seconds: number): ResourcesDuration | undefined {
  const container = template.container ?? template.script;
  if (container === undefined) return undefined;
  const requests = isObject(container.resources) ? container.resources["requests"] : undefined;
  const taken = (name: "cpu" | "memory"): number => {
    const amount = quantity(isObject(requests) ? requests[name] : undefined) ?? defaults[name];
    return Math.trunc((amount / units[name]) * seconds);
  };
  return { cpu: taken("cpu"), memory: taken("memory") };
}

/** `resourcesDuration.<r>` of a step that ran so long, as metrics name it. */
export function resourcesDuration(template: Template, seconds: number): Record<string, string> {
  const taken = Object.entries(resourcesOf(template, seconds) ?? {});
  return Object.fromEntries(taken.map(([name, value]) => [`resourcesDuration.${name}`, String(value)]));
}

const suffixes: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
};

/** A Kubernetes quantity as a number. */
function quantity(written: unknown): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)([A-Za-z]{0,2})$/.exec(String(written ?? ""));
  const factor =
    match === null || !Object.hasOwn(suffixes, match[2] ?? "") ? undefined : suffixes[match[2] ?? ""];
  return factor === undefined ? undefined : Number(match?.[1]) * factor;
}
