import { isBad } from "../run/state/node.ts";
import type { Run } from "../run/state/run.ts";
import { emptyMap, mapAt, parametersJson, type ScopePart, type Value } from "./scope.ts";

/** `workflow.*` of a run, as it stands when it is asked. */
export function globalsOf(run: Run): ScopePart {
  return {
    lookup: (key) =>
      key.startsWith("workflow.") ? workflowValue(run, key.slice("workflow.".length)) : undefined,
    artifact: (key) =>
      key.startsWith(outputArtifact) ? run.globalArtifacts.get(key.slice(outputArtifact.length)) : undefined,
    fill: (env) => fillWorkflow(run, mapAt(env, "workflow")),
  };
}

const outputArtifact = "workflow.outputs.artifacts.";

const plain: Readonly<Record<string, (run: Run) => string | undefined>> = {
  name: (run) => run.key.name,
  namespace: (run) => run.key.namespace,
  uid: (run) => run.uid,
  mainEntrypoint: (run) => run.spec.entrypoint,
  serviceAccountName: (run) => run.spec.serviceAccountName ?? "default",
  priority: (run) => String(run.spec.priority ?? 0),
  status: (run) => run.main?.phase ?? run.phase,
  duration: (run) => (((run.finishedAt ?? run.now) - run.startedAt) / 1_000).toFixed(6),
  failures: (run) => (run.main === undefined ? undefined : failuresOf(run)),
  creationTimestamp: (run) => rfc3339(run.submitted.at),
  "creationTimestamp.RFC3339": (run) => rfc3339(run.submitted.at),
  "creationTimestamp.s": (run) => String(Math.floor(run.submitted.at / 1_000)),
  parameters: (run) => parametersJson(run.parameters),
  "parameters.json": (run) => parametersJson(run.parameters),
  "labels.json": (run) => JSON.stringify(labelsOf(run)),
  labels: (run) => JSON.stringify(labelsOf(run)),
  "annotations.json": (run) => JSON.stringify(annotationsOf(run)),
  annotations: (run) => JSON.stringify(annotationsOf(run)),
};

function workflowValue(run: Run, key: string): Value {
  if (Object.hasOwn(plain, key)) return plain[key]?.(run);
  const after = (prefix: string) => (key.startsWith(prefix) ? key.slice(prefix.length) : undefined);
  const parameter = after("parameters.");
  if (parameter !== undefined) return run.parameters.get(parameter);
  const output = after("outputs.parameters.");
  if (output !== undefined) return run.globals.get(output);
  const label = after("labels.");
  if (label !== undefined) return own(labelsOf(run), label);
  const annotation = after("annotations.");
  if (annotation !== undefined) return own(annotationsOf(run), annotation);
  const char = after("creationTimestamp.");
  return char === undefined ? undefined : strftime(run.submitted.at, char);
}

function fillWorkflow(run: Run, workflow: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(plain)) if (!key.includes(".")) workflow[key] = value(run);
  workflow["parameters"] = Object.assign(emptyMap(), Object.fromEntries(run.parameters), {
    json: parametersJson(run.parameters),
  });
  const labels = labelsOf(run);
  const annotations = annotationsOf(run);
  workflow["labels"] = Object.assign(emptyMap(), labels, { json: JSON.stringify(labels) });
  workflow["annotations"] = Object.assign(emptyMap(), annotations, { json: JSON.stringify(annotations) });
  workflow["outputs"] = {
    parameters: Object.assign(emptyMap(), Object.fromEntries(run.globals)),
    artifacts: Object.assign(emptyMap(), Object.fromEntries(run.globalArtifacts)),
  };
}

const own = (map: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(map, key) ? map[key] : undefined;
const labelsOf = (run: Run): Readonly<Record<string, string>> => run.submitted.workflow.metadata.labels ?? {};
const annotationsOf = (run: Run): Readonly<Record<string, string>> =>
  run.submitted.workflow.metadata.annotations ?? {};

/** Failed nodes as Argo hands them to exit handlers: a JSON list inside a quoted text; "null" when there are none. */
function failuresOf(run: Run): string {
  const failures = [...run.nodes.values()]
    .filter((node) => isBad(node.phase))
    .map((node) => ({
      displayName: node.displayName,
      message: node.message ?? "",
      templateName: node.templateName,
      phase: node.phase,
      podName: node.podName ?? "",
      finishedAt: rfc3339(node.finishedAt ?? run.now),
    }));
  return failures.length === 0 ? "null" : JSON.stringify(JSON.stringify(failures));
}

/** To the second, as Kubernetes writes times. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** One strftime directive of a time, UTC. */
function strftime(ms: number, directive: string): string | undefined {
  const d = new Date(ms);
  const two = (n: number) => String(n).padStart(2, "0");
  const hour12 = d.getUTCHours() % 12 === 0 ? 12 : d.getUTCHours() % 12;
  const table: Readonly<Record<string, string>> = {
    Y: String(d.getUTCFullYear()),
    y: two(d.getUTCFullYear() % 100),
    m: two(d.getUTCMonth() + 1),
    d: two(d.getUTCDate()),
    e: String(d.getUTCDate()).padStart(2, " "),
    H: two(d.getUTCHours()),
    I: two(hour12),
    M: two(d.getUTCMinutes()),
    S: two(d.getUTCSeconds()),
    L: String(d.getUTCMilliseconds()).padStart(3, "0"),
    p: d.getUTCHours() < 12 ? "AM" : "PM",
    a: (days[d.getUTCDay()] ?? "").slice(0, 3),
    A: days[d.getUTCDay()] ?? "",
    b: (months[d.getUTCMonth()] ?? "").slice(0, 3),
    B: months[d.getUTCMonth()] ?? "",
    F: d.toISOString().slice(0, 10),
    D: `${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())}/${two(d.getUTCFullYear() % 100)}`,
    T: d.toISOString().slice(11, 19),
    R: d.toISOString().slice(11, 16),
    Z: "UTC",
    z: "+0000",
    j: String(Math.floor((ms - Date.UTC(d.getUTCFullYear(), 0, 1)) / 86_400_000) + 1).padStart(3, "0"),
  };
  return own(table, directive);
}
