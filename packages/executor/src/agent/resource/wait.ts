import { backoffMs, defaultBackoff, hasCode, type Json, messageOf, retryOf, sleepFor } from "@sluice/base";
import type { KubeObject, ObjectClient } from "@sluice/kube";
import type { WorkContext } from "../work.ts";
import { matches, type Requirement } from "./requirements.ts";
import type { Target } from "./target.ts";

export interface Conditions {
  /** All of them must hold; none = nothing is waited for. */
  readonly success: readonly Requirement[];
  /** One of them is enough. */
  readonly failure: readonly Requirement[];
}

export type Verdict =
  | { readonly kind: "succeeded"; readonly object: KubeObject }
  | { readonly kind: "failed"; readonly object?: KubeObject; readonly message: string };

type Waiting = Pick<WorkContext, "clock" | "random" | "log" | "signal" | "pending">;

const goneMessage = "The resource has been deleted while its status was still being checked";

/** Watches the object until its conditions decide. Trouble with the API server is waited out. */
export async function awaitConditions(
  client: ObjectClient,
  {
    target,
    first,
    conditions,
  }: { readonly target: Target; readonly first: KubeObject; readonly conditions: Conditions },
  context: Waiting,
): Promise<Verdict> {
  let seen: KubeObject | undefined = first;
  for (let attempt = 1; !context.signal.aborted; ) {
    try {
      seen ??= await client.get(target.type, target.ref, context.signal);
      const verdict =
        judge(seen, conditions) ?? (await watched(client, { target, from: seen, conditions }, context));
      if (verdict !== undefined) return verdict;
      attempt = 1;
    } catch (error) {
      if (hasCode(error, "KUBE_NOT_FOUND")) return { kind: "failed", message: goneMessage };
      if (!hasCode(error, "KUBE_GONE")) {
        if (retryOf(error) !== "later") throw error;
        context.pending(`waiting for Kubernetes: ${messageOf(error)}`);
        await sleepFor(
          context.clock,
          backoffMs(defaultBackoff, attempt++, context.random.next()),
          context.signal,
        );
      }
    }
    seen = undefined;
  }
  return { kind: "failed", message: "it was stopped" };
}

interface Watched {
  readonly target: Target;
  readonly from: KubeObject;
  readonly conditions: Conditions;
}

/** Undefined when the watch ended before anything was decided. */
async function watched(
  client: ObjectClient,
  { target, from, conditions }: Watched,
  { signal }: Waiting,
): Promise<Verdict | undefined> {
  const { namespace, name } = target.ref;
  const stop = new AbortController();
  const scope = { ...(namespace === undefined ? {} : { namespace }), fieldSelector: `metadata.name=${name}` };
  const options = { ...scope, resourceVersion: from.metadata.resourceVersion ?? "" };
  try {
    for await (const event of client.watch(target.type, options, AbortSignal.any([signal, stop.signal]))) {
      if (event.type === "bookmark" || event.object.metadata.name !== name) continue;
      if (event.type === "deleted") return { kind: "failed", message: goneMessage };
      const verdict = judge(event.object, conditions);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  } finally {
    stop.abort();
  }
}

function judge(object: KubeObject, { success, failure }: Conditions): Verdict | undefined {
  const json = object as unknown as Json;
  const failed = failure.find((requirement) => matches(json, requirement));
  if (failed !== undefined)
    return { kind: "failed", object, message: `failure condition '${failed.text}' evaluated true` };
  // With a failure condition alone, what has not failed is done, as in Argo.
  return success.every((requirement) => matches(json, requirement))
    ? { kind: "succeeded", object }
    : undefined;
}

/** Resolves when the object is gone. */
export async function awaitGone(client: ObjectClient, target: Target, context: Waiting): Promise<void> {
  for (let attempt = 1; !context.signal.aborted; attempt++) {
    try {
      await client.get(target.type, target.ref, context.signal);
    } catch (error) {
      if (hasCode(error, "KUBE_NOT_FOUND")) return;
      if (retryOf(error) !== "later") throw error;
    }
    context.pending("waiting for the object to go");
    await sleepFor(context.clock, backoffMs(defaultBackoff, attempt, context.random.next()), context.signal);
  }
}
