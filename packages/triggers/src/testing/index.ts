/** Builders that tests of triggers use. @module */
import type { JsonObject } from "@sluice/base";
import type { SubmitOutcome, SubmitRun } from "@sluice/bus";
import type { References } from "@sluice/kube";
import type { RunSubmitted, TriggerRequest } from "@sluice/spec";

/** A request of sensor `s`, trigger `t`, kind `log`, caused by event `e1`. */
export const aRequest = (parts: Partial<TriggerRequest> = {}): TriggerRequest => ({
  v: 1,
  id: "request-1",
  namespace: "default",
  sensor: "s",
  sensorGeneration: 1,
  trigger: "t",
  kind: "log",
  action: {},
  causes: [{ namespace: "default", source: "hooks", event: "task", id: "e1", dependency: "task" }],
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  requestedAt: 1_000,
  ...parts,
});

/** A workflow of one step, as the resource of a trigger. */
export const aWorkflow = (metadata: JsonObject = { generateName: "hello-" }): JsonObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Workflow",
  metadata,
  spec: {
    entrypoint: "main",
    arguments: { parameters: [{ name: "message", value: "hi" }] },
    templates: [{ name: "main", container: { image: "alpine:3.6", command: ["echo"], args: ["hi"] } }],
  },
});

/** Runs by namespace and name, with the rules of the real one. */
export function makeRuns(): { readonly runs: Map<string, RunSubmitted>; readonly submitRun: SubmitRun } {
  const runs = new Map<string, RunSubmitted>();
  const submitRun = async (fact: RunSubmitted): Promise<SubmitOutcome> => {
    const key = `${fact.namespace}/${fact.name}`;
    const present = runs.get(key);
    if (present === undefined) {
      runs.set(key, fact);
      return { kind: "created", seq: runs.size };
    }
    return present.uid === fact.uid ? { kind: "duplicate" } : { kind: "name-taken", uid: present.uid };
  };
  return { runs, submitRun };
}

/** References that hold `values`, keyed `namespace/name/key`. */
export const referencesOf = (values: Readonly<Record<string, string>> = {}): References => ({
  secret: async (namespace, name, key) => {
    const value = values[`${namespace}/${name}/${key}`];
    return value === undefined ? undefined : Buffer.from(value);
  },
  configMap: async (namespace, name, key) => values[`${namespace}/${name}/${key}`],
});
export { Desk } from "./desk.ts";
