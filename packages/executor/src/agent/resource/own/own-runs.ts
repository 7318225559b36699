// Workflows that manifests of resource steps name: runs of Sluice's own, not objects of a cluster.
// Owns: nothing.   Talks to: RunDirectory.
// Invariants
//   O1. A run that a step creates has the step as its cause: a step that is done again after a crash finds its run.
//   O2. What cannot be done to a run is refused by name; nothing of a manifest is ignored.
import { hasCode, isAppError, isObject, messageOf } from "@sluice/base";
import type { RunDirectory, StepRequest, WorkflowObject } from "@sluice/engine";
import {
  KubeError,
  type KubeObject,
  type ListScope,
  type ObjectClient,
  type ObjectRef,
  type Patch,
  patchedDocument,
  type ResourceType,
} from "@sluice/kube";
import { argumentsAnnotation, hasErrors, lintWorkflow, parseWorkflow, type Workflow } from "@sluice/spec";
import { stepAnnotation } from "../action.ts";
import { runChanges } from "./run-changes.ts";

export const workflowType: ResourceType = {
  group: "argoproj.io",
  version: "v1alpha1",
  plural: "workflows",
  kind: "Workflow",
  namespaced: true,
};

/** Runs as objects, for one step: what it starts is started by it. Errors: those of ObjectClient. */
export function ownRuns(runs: RunDirectory, step: StepRequest): Omit<ObjectClient, "resolve"> {
  return new OwnRuns(runs, step);
}

class OwnRuns implements Omit<ObjectClient, "resolve"> {
  readonly #runs: RunDirectory;
  readonly #step: StepRequest;

  constructor(runs: RunDirectory, step: StepRequest) {
    this.#runs = runs;
    this.#step = step;
  }

  /** O1 */
  create(_: ResourceType, object: KubeObject): Promise<KubeObject> {
    const workflow = checkedWorkflow(object);
    return this.#asked("POST", refOf(object), async () => {
      const { namespace = "default" } = workflow.metadata;
      const { workflow: made } = await this.#runs.submit(withData(workflow), {
        namespace,
        by: { kind: "api", user: this.#by },
        cause: `step:${this.#step.id}:${namespace}/${workflow.metadata.name ?? ""}`,
        traceparent: this.#step.traceparent,
      });
      return objectOf(made);
    });
  }

  get(_: ResourceType, ref: ObjectRef): Promise<KubeObject> {
    return this.#asked("GET", ref, async () =>
      objectOf(await this.#runs.get(ref.namespace ?? "default", ref.name)),
    );
  }

  async list(_: ResourceType, { namespace, labelSelector }: ListScope) {
    const items: KubeObject[] = [];
    const query = labelSelector === undefined ? {} : { labelSelector };
    for (let next: string | undefined = ""; next !== undefined; ) {
      const page = await this.#runs.list(namespace, { ...query, ...(next === "" ? {} : { continue: next }) });
      items.push(...page.items.map(objectOf));
      next = page.continue;
    }
    return { items, resourceVersion: "0" };
  }

  /** As kubectl: what is there already takes the labels and annotations; the spec of a run is what it was started with. */
  async apply(type: ResourceType, object: KubeObject): Promise<KubeObject> {
    const ref = refOf(object);
    let there: KubeObject;
    try {
      there = await this.get(type, ref);
    } catch (error) {
      if (!hasCode(error, "KUBE_NOT_FOUND")) throw error;
      return this.create(type, marked(object, this.#step.id));
    }
    const metadata = { ...there.metadata, ...merged(there, object.metadata) };
    return this.#changed(ref, there, { ...there, spec: object["spec"], metadata });
  }

  async patch(type: ResourceType, ref: ObjectRef, patch: Patch): Promise<KubeObject> {
    const there = await this.get(type, ref);
    const wanted = patchedDocument(there, patch);
    if (!isObject(wanted) || !isObject(wanted["metadata"]))
      throw KubeError.INVALID({ ...where("PATCH", ref), said: "nothing would be left of it" });
    return this.#changed(ref, there, wanted as KubeObject);
  }

  delete(_: ResourceType, ref: ObjectRef): Promise<void> {
    return this.#asked("DELETE", ref, () => this.#runs.delete(keyOf(ref), { by: this.#by }));
  }

  async *watch(_: ResourceType, { namespace, fieldSelector, labelSelector }: ListScope, signal: AbortSignal) {
    const name = /^metadata\.name=(.+)$/.exec(fieldSelector ?? "")?.[1];
    const query = {
      ...(name === undefined ? {} : { name }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    };
    for await (const { type, object } of this.#runs.watch(namespace, query, signal))
      yield { type: eventTypes[type], object: objectOf(object) };
  }

  get #by(): string {
    return `workflow/${this.#step.run.name}`;
  }

  /** O2 */
  #changed(ref: ObjectRef, there: KubeObject, wanted: KubeObject): Promise<KubeObject> {
    return this.#asked("PATCH", ref, async () => {
      const by = this.#by;
      const key = keyOf(ref);
      const { spec } = checkedWorkflow(wanted);
      const { labels, annotations, verb } = runChanges(there, { ...wanted, spec }, where("PATCH", ref));
      if (labels !== undefined || annotations !== undefined)
        await this.#runs.label(key, { by, ...(labels && { labels }), ...(annotations && { annotations }) });
      if (verb !== undefined) await this.#runs[verb](key, { by });
      return objectOf(await this.#runs.get(key.namespace, key.name));
    });
  }

  /** What the directory says, in the words of an API server. */
  async #asked<T>(verb: string, ref: ObjectRef, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      const said = { ...where(verb, ref), said: messageOf(error) };
      if (hasCode(error, "ENGINE_RUN_NOT_FOUND")) throw KubeError.NOT_FOUND(said, error);
      if (hasCode(error, "ENGINE_NAME_TAKEN")) throw KubeError.EXISTS(said, error);
      if (isAppError(error) && error.code.startsWith("ENGINE_") && error.retry === "never")
        throw KubeError.INVALID(said, error);
      throw error;
    }
  }
}

const eventTypes = { ADDED: "added", MODIFIED: "modified", DELETED: "deleted" } as const;

const where = (verb: string, { namespace, name }: ObjectRef) => ({
  what: `${verb} workflows/${name} in '${namespace ?? ""}'`,
});

const objectOf = (run: WorkflowObject): KubeObject => run as unknown as KubeObject;
const refOf = ({ metadata }: KubeObject): ObjectRef => ({
  name: metadata.name,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
});
const keyOf = ({ namespace = "default", name }: ObjectRef) => ({ namespace, name });

const marked = (object: KubeObject, stepId: string): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [stepAnnotation]: stepId } },
});

function merged(
  there: KubeObject,
  { labels, annotations }: Pick<KubeObject["metadata"], "labels" | "annotations">,
) {
  return {
    labels: { ...there.metadata.labels, ...labels },
    annotations: { ...there.metadata.annotations, ...annotations },
  };
}

/** A manifest that may run. Errors: KUBE_INVALID with what lint found. */
/** What the step's values put into the arguments is data. */
const withData = ({ metadata, ...rest }: Workflow): Workflow => ({
  ...rest,
  metadata: { ...metadata, annotations: { ...metadata.annotations, [argumentsAnnotation]: "data" } },
});

function checkedWorkflow(object: KubeObject): Workflow {
  const { value, issues } = parseWorkflow(object);
  const all = value === undefined ? issues : [...issues, ...lintWorkflow(value)];
  if (value !== undefined && !hasErrors(all)) return value;
  const errors = all.filter(({ severity }) => severity === "error").slice(0, 5);
  const said = errors.map(({ path, message }) => `${path}: ${message}`).join("; ");
  throw KubeError.INVALID({ ...where("POST", refOf(object)), said });
}
