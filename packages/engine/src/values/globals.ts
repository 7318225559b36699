import { isBad } from "../run/state/node.ts";
import type { Run } from "../run/state/run.ts";
import { emptyMap, lazily, parametersJson, type ScopePart, type Value } from "./scope.ts";
import { strftime, strftimeDirectives } from "./strftime.ts";

/** `workflow.*` of a run, as it stands when it is asked. */
export function globalsOf(run: Run): ScopePart {
  return {
    lookup: (key) =>
      key.startsWith("workflow.") ? workflowValue(run, key.slice("workflow.".length)) : undefined,
    artifact: (key) =>
      key.startsWith(outputArtifact) ? run.globalArtifacts.get(key.slice(outputArtifact.length)) : undefined,
    fill: (env) => lazily(env, "workflow", () => workflowMap(run)),
    place: run.uid,
  };
}

const outputArtifact = "workflow.outputs.artifacts.";

const plain: Readonly<Record<string, (run: Run) => string | undefined>> = {
  name: (run) => run.key.name,
  namespace: (run) => run.key.namespace,
  uid: (run) => run.origin.uid,
  mainEntrypoint: (run) => run.spec.entrypoint,
  serviceAccountName: (run) => run.spec.serviceAccountName ?? "default",
  priority: (run) => String(run.spec.priority ?? 0),
  status: (run) => run.main?.phase ?? run.phase,
  duration: (run) => (((run.finishedAt ?? run.now) - run.startedAt) / 1_000).toFixed(6),
  failures: (run) => (run.main === undefined ? undefined : failuresOf(run)),
  creationTimestamp: (run) => rfc3339(run.origin.at),
  scheduledTime,
  "creationTimestamp.RFC3339": (run) => rfc3339(run.origin.at),
  "creationTimestamp.s": (run) => String(Math.floor(run.origin.at / 1_000)),
  parameters: (run) => parametersJson(run.parameters),
  "parameters.json": (run) => parametersJson(run.parameters),
  "labels.json": (run) => jsonOf(run.labels),
  labels: (run) => jsonOf(run.labels),
  "annotations.json": (run) => jsonOf(run.annotations),
  annotations: (run) => jsonOf(run.annotations),
};

/** One that is really called `json` comes before the JSON of all. */
const workflowValue = (run: Run, key: string): Value =>
  named(run, key) ?? (Object.hasOwn(plain, key) ? plain[key]?.(run) : undefined);

function named(run: Run, key: string): string | undefined {
  const after = (prefix: string) => (key.startsWith(prefix) ? key.slice(prefix.length) : undefined);
  const parameter = after("parameters.");
  if (parameter !== undefined) return run.parameters.get(parameter);
  const output = after("outputs.parameters.");
  if (output !== undefined) return run.globals.get(output);
  const label = after("labels.");
  if (label !== undefined) return own(run.labels, label);
  const annotation = after("annotations.");
  if (annotation !== undefined) return own(run.annotations, annotation);
  const char = after("creationTimestamp.");
  return char === undefined ? undefined : strftime(run.origin.at, char);
}

function workflowMap(run: Run): Record<string, unknown> {
  const workflow = emptyMap();
  for (const key of Object.keys(plain))
    if (!key.includes(".")) lazily(workflow, key, () => plain[key]?.(run) ?? null);
  lazily(workflow, "creationTimestamp", () => creationOf(run));
  lazily(workflow, "parameters", () =>
    Object.assign(emptyMap(), { json: parametersJson(run.parameters) }, Object.fromEntries(run.parameters)),
  );
  lazily(workflow, "labels", () => withJson(run.labels));
  lazily(workflow, "annotations", () => withJson(run.annotations));
  lazily(workflow, "outputs", () => ({
    parameters: Object.assign(emptyMap(), Object.fromEntries(run.globals)),
    artifacts: Object.assign(emptyMap(), Object.fromEntries(run.globalArtifacts)),
  }));
  return workflow;
}

const withJson = (map: Readonly<Record<string, string>>): Record<string, unknown> =>
  Object.assign(emptyMap(), { json: jsonOf(map) }, map);

/** The names in order, whatever order the manifest has: what is made of it stays the same. */
const jsonOf = (map: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))));

/** In expressions it is the map of its letters; its own text is `workflow.creationTimestamp.RFC3339`. */
function creationOf(run: Run): Record<string, unknown> {
  const { at } = run.origin;
  const map = Object.assign(emptyMap(), { RFC3339: rfc3339(at), s: String(Math.floor(at / 1_000)) });
  for (const letter of strftimeDirectives) map[letter] = strftime(at, letter);
  return map;
}

/** The instant of a run that a schedule started. */
function scheduledTime(run: Run): string | undefined {
  const { by } = run.submitted;
  const written = own(run.annotations, "workflows.argoproj.io/scheduled-time");
  return written ?? (by.kind === "schedule" ? rfc3339(by.at) : undefined);
}

const own = (map: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(map, key) ? map[key] : undefined;

/** With the value `quoted`, the list of failures is a JSON text in quotes, as Argo has it. */
const failuresAnnotation = "sluice.dev/workflow-failures";

/** Failed nodes as exit handlers get them, a JSON list; "null" when there are none. */
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
  if (failures.length === 0) return "null";
  const text = JSON.stringify(failures);
  return own(run.annotations, failuresAnnotation) === "quoted" ? JSON.stringify(text) : text;
}

/** To the second, as Kubernetes writes times. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
