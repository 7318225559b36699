import {
  backoffMs,
  defaultBackoff,
  isAppError,
  isObject,
  type Json,
  messageOf,
  retryOf,
  sleepFor,
} from "@sluice/base";
import type { ArtifactStore } from "@sluice/bus";
import type { RunDirectory, StepWork } from "@sluice/engine";
import { compileJq, compileJsonPath } from "@sluice/expr";
import type { KubeObject, ObjectClient, Patch } from "@sluice/kube";
import { composeYaml } from "@sluice/spec";
import { AgentError } from "../errors.ts";
import { type AgentWork, agentWork, type WorkContext, type WorkEnd } from "../work.ts";
import {
  type Action,
  type ActionInput,
  actions,
  apply,
  create,
  patch,
  remove,
  replace,
  selected,
} from "./action.ts";
import { readFlags } from "./flags.ts";
import { manifestOf } from "./manifest-from.ts";
import { withOwnRuns } from "./own/objects.ts";
import { ownRuns } from "./own/own-runs.ts";
import { parseRequirements } from "./requirements.ts";
import { objectOf, targetOf } from "./target.ts";
import { awaitConditions, awaitGone, type Conditions } from "./wait.ts";

export interface ResourceWorkOptions {
  /** Undefined where no Kubernetes is configured. */
  readonly client: ObjectClient | undefined;
  /** Runs of Sluice's own, which Workflows in manifests are; absent = they are objects of the cluster like any other. */
  readonly runs?: RunDirectory;
  /** The default artifact repository, for `manifestFrom`. */
  readonly artifacts?: ArtifactStore;
  /** Where the steps of a namespace of ours live; default the same name. */
  readonly namespaceOf?: (namespace: string) => string;
}

type Work = Extract<StepWork, { readonly kind: "resource" }>;

/** Steps of the type resource: something is done to an object, and its conditions are waited for. */
export function makeResourceWork(options: ResourceWorkOptions): AgentWork {
  const { runs, namespaceOf = (name) => name } = options;
  return agentWork("resource", 256, async (work, context) => {
    const { step } = context;
    const client = withOwnRuns(runs === undefined ? undefined : ownRuns(runs, step), options.client, () =>
      AgentError.NO_KUBERNETES({ template: step.node.template }),
    );
    const namespace = namespaceOf(step.run.namespace);
    try {
      return await perform(await planOf(work, context, options.artifacts), { client, namespace, context });
    } catch (error) {
      if (!isAppError(error) || !error.code.startsWith("KUBE_")) throw error;
      context.say(messageOf(error), "stderr");
      return { phase: "Failed", message: messageOf(error) };
    }
  });
}

interface Plan {
  readonly action: Action;
  readonly manifest: Json | undefined;
  readonly flags: ReturnType<typeof readFlags>;
  readonly strategy: "strategic" | "merge" | "json";
  readonly conditions: Conditions;
  readonly outputs: readonly { readonly name: string; readonly read: (object: unknown) => string }[];
}

/** All that can be wrong in the template is found before anything is done. Errors: AGENT_RESOURCE_INVALID, EXPR_SYNTAX. */
async function planOf(
  { resource, manifest, manifestFrom, success, failure, outputs }: Work,
  context: WorkContext,
  artifacts: ArtifactStore | undefined,
): Promise<Plan> {
  const { action, mergeStrategy = "strategic", flags = [] } = resource;
  const invalid = (field: string, reason: string) => AgentError.RESOURCE_INVALID({ field, reason });
  if (!actions.includes(action)) throw invalid("action", `'${action}' must be one of: ${actions.join(", ")}`);
  if (!["strategic", "merge", "json"].includes(mergeStrategy))
    throw invalid("mergeStrategy", `'${mergeStrategy}' is none of strategic, merge, json`);
  if (resource.setOwnerReference === true)
    context.say(
      "setOwnerReference has no effect: a run has no object in Kubernetes that could own this one",
      "stderr",
    );
  const requirements = (condition: Work["success"], field: string) =>
    condition === undefined ? [] : parseRequirements(condition, field);
  return {
    action: action as Action,
    manifest:
      manifestFrom !== undefined
        ? await manifestOf(manifestFrom, context, artifacts)
        : manifest === undefined
          ? undefined
          : composeYaml(manifest, "manifest"),
    flags: readFlags(flags),
    strategy: mergeStrategy as Plan["strategy"],
    conditions: {
      success: requirements(success, "successCondition"),
      failure: requirements(failure, "failureCondition"),
    },
    outputs: outputs.map(({ name, jsonPath, jqFilter }) => ({
      name,
      read:
        jqFilter === undefined
          ? compileJsonPath(jsonPath ?? "").render
          : (object) => compileJq(jqFilter).render(object, { clock: context.clock }),
    })),
  };
}

interface Place {
  readonly client: ObjectClient;
  readonly namespace: string;
  readonly context: WorkContext;
}

async function perform(plan: Plan, place: Place): Promise<WorkEnd> {
  const { client, namespace, context } = place;
  const { flags, action, manifest } = plan;
  const { signal } = context;
  if (flags.selector !== undefined) return performOnSelected(plan, place);
  const object =
    manifest === undefined || isNamedByFlags(plan)
      ? undefined
      : objectOf(manifest, context.step.id, flags.namespace ?? namespace);
  const target = await trying(context, () => targetOf(client, { object, flags, namespace }, signal));
  const input: ActionInput = { client, target, object, flags, stepId: context.step.id, signal };
  const name = `${target.type.kind.toLowerCase()}/${target.ref.name}`;
  if (action === "delete") {
    await trying(context, () => remove(input));
    if (flags.wait) await awaitGone(client, target, context);
    context.say(`${name} deleted`);
    return { phase: "Succeeded" };
  }
  const first = await trying(context, () => act(plan, input));
  context.say(
    `${name} ${{ get: "found", create: "created", apply: "applied", replace: "replaced", patch: "patched" }[action]}`,
  );
  const verdict = await awaitConditions(client, { target, first, conditions: plan.conditions }, context);
  if (verdict.kind === "succeeded") return { phase: "Succeeded", ...outputsOf(plan, verdict.object) };
  context.say(verdict.message, "stderr");
  return {
    phase: "Failed",
    message: verdict.message,
    ...(verdict.object === undefined ? {} : outputsOf(plan, verdict.object)),
  };
}

/** As kubectl: a json patch is no object, and flags say what a patch without a kind is for. */
const isNamedByFlags = ({ action, strategy, flags, manifest }: Plan): boolean =>
  action === "patch" &&
  (strategy === "json" || (flags.kind !== undefined && isObject(manifest) && manifest["kind"] === undefined));

function act({ action, strategy, manifest }: Plan, input: ActionInput): Promise<KubeObject> {
  switch (action) {
    case "get":
    case "delete":
      return input.client.get(input.target.type, input.target.ref, input.signal);
    case "create":
      return create(input);
    case "apply":
      return apply(input);
    case "replace":
      return replace(input);
    case "patch":
      return patch(input, patchBody(strategy, manifest));
  }
}

function patchBody(strategy: Plan["strategy"], manifest: Json | undefined): Patch {
  if (strategy === "json" && Array.isArray(manifest) && manifest.every(isObject))
    return { type: "json", body: manifest };
  if (strategy !== "json" && isObject(manifest)) return { type: strategy, body: manifest };
  throw AgentError.RESOURCE_INVALID({
    field: "manifest",
    reason: strategy === "json" ? "a json patch is a list of operations" : "a patch is a map of fields",
  });
}

/** kubectl with a selector: deletes all that it picks. */
async function performOnSelected(plan: Plan, { client, namespace, context }: Place): Promise<WorkEnd> {
  const { flags, action } = plan;
  const { signal, step } = context;
  if (action !== "delete")
    throw AgentError.RESOURCE_INVALID({
      field: "flags",
      reason: "a selector goes with the action 'delete' alone",
    });
  const targets = await trying(context, () => selected(client, { flags, namespace }, signal));
  for (const target of targets) {
    await trying(context, () =>
      remove({ client, target, object: undefined, flags, stepId: step.id, signal }),
    );
    context.say(`${target.type.kind.toLowerCase()}/${target.ref.name} deleted`);
  }
  if (flags.wait) for (const target of targets) await awaitGone(client, target, context);
  return { phase: "Succeeded" };
}

/** What the API server cannot do just now is tried again for as long as the step has. */
async function trying<T>(context: WorkContext, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      context.signal.throwIfAborted();
      if (retryOf(error) !== "later") throw error;
      context.pending(`waiting for Kubernetes: ${messageOf(error)}`);
      await sleepFor(
        context.clock,
        backoffMs(defaultBackoff, attempt, context.random.next()),
        context.signal,
      );
    }
  }
}

/** Output parameters of what the object has now; one that it does not have is left to its default. */
function outputsOf({ outputs }: Plan, object: KubeObject): Pick<WorkEnd, "outputs" | "message"> {
  const values = outputs.map(({ name, read }) => [name, read(object)] as const);
  return values.length === 0
    ? {}
    : { outputs: Object.fromEntries(values.filter(([, value]) => value !== "")) };
}
