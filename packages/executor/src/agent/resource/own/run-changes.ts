// What a changed Workflow object asks of its run. Pure.
import { isObject, type Json, stableJson } from "@sluice/base";
import { KubeError, type KubeObject } from "@sluice/kube";

type Changes = Readonly<Record<string, string | null>>;

export interface RunChanges {
  readonly labels?: Changes;
  readonly annotations?: Changes;
  readonly verb?: "stop" | "terminate" | "suspend" | "resume";
}

/** Fields of the spec that are asked of a run, and not part of what it was started with. */
const asked = ["suspend", "shutdown"] as const;
/** Labels that a run's state makes. */
const derived = new Set(["workflows.argoproj.io/phase", "workflows.argoproj.io/completed"]);

/** Errors: KUBE_INVALID for what cannot be changed. */
export function runChanges(
  there: KubeObject,
  wanted: KubeObject,
  where: { readonly what: string },
): RunChanges {
  const invalid = (said: string) => KubeError.INVALID({ ...where, said });
  const [before, after] = [specOf(there), specOf(wanted)];
  if (restOf(before) !== restOf(after))
    throw invalid(
      "of a run's spec only `suspend` and `shutdown` can be changed: it runs what it was started with",
    );
  const labels = differences(there.metadata.labels, wanted.metadata.labels, derived);
  const annotations = differences(there.metadata.annotations, wanted.metadata.annotations, new Set());
  for (const changes of [labels, annotations])
    for (const [name, value] of Object.entries(changes ?? {}))
      if (value !== null && typeof value !== "string") throw invalid(`the value of '${name}' is no text`);
  const verb = verbOf(before, after, invalid);
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(verb === undefined ? {} : { verb }),
  };
}

type Spec = Readonly<Record<string, unknown>>;

const specOf = ({ spec }: KubeObject): Spec => (isObject(spec) ? spec : {});

const restOf = (spec: Spec): string => {
  const rest = Object.entries(spec).filter(
    ([name, value]) => value !== undefined && !asked.some((one) => one === name),
  );
  return stableJson(Object.fromEntries(rest) as Json);
};

function verbOf(before: Spec, after: Spec, invalid: (said: string) => Error): RunChanges["verb"] {
  const shutdown = after["shutdown"] ?? "";
  if (shutdown !== (before["shutdown"] ?? "")) {
    if (shutdown === "Stop") return "stop";
    if (shutdown === "Terminate") return "terminate";
    throw invalid(`shutdown '${String(shutdown)}' is none of Stop, Terminate`);
  }
  const [is, shall] = [before["suspend"] === true, after["suspend"] === true];
  return is === shall ? undefined : shall ? "suspend" : "resume";
}

function differences(
  before: Readonly<Record<string, string>> = {},
  after: Readonly<Record<string, string>> = {},
  apart: ReadonlySet<string>,
): Changes | undefined {
  const changes: [string, string | null][] = [];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const value = Object.hasOwn(after, name) ? after[name] : undefined;
    if (value !== before[name] && !apart.has(name)) changes.push([name, value ?? null]);
  }
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}
