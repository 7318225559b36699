// Trying a run again under its own name, and repeating it under another.
import { hasCode, hashUid, sleepFor, traceparentOf } from "@sluice/base";
import type { RunSubmitted, Workflow } from "@sluice/spec";
import { EngineError } from "../../errors.ts";
import { objectOf } from "../../project/archive.ts";
import { projectWorkflow } from "../../project/workflow.ts";
import type { WorkflowObject } from "../../project/workflow-object.ts";
import { createRun } from "../../run/create.ts";
import type { RunKeyed } from "../../run/state/run.ts";
import { admitted } from "../../submission/policy.ts";
import type { RunDirectoryDeps } from "../deps.ts";
import { isRow, type RunPlaces } from "../places.ts";
import type { ResubmitOptions, SubmitOptions, Submitted } from "../port.ts";
import { manifestOf, type RetryOptions, resubmitOf, retryOf } from "./rerun.ts";

/** A journal stays for some seconds after its run ended; so long, and a little more, a retry waits for it to go. */
const patienceMs = 12_000;
const lookMs = 100;

/**
 * The run goes on under its name: a journal of its own, with the results of before. Asked twice, it is one retry, since
 * its uid follows from the one that it takes the place of. Its row stays until the new end takes its place.
 * Errors: ENGINE_RUN_NOT_FOUND, ENGINE_RETRY_REFUSED, ENGINE_RETRY_TOO_SOON, ENGINE_SELECTOR_INVALID.
 */
export async function retryRun(
  deps: RunDirectoryDeps,
  places: RunPlaces,
  { key, by, ...options }: { readonly key: RunKeyed; readonly by: string } & RetryOptions,
): Promise<WorkflowObject> {
  const found = await ended(deps, places, key, options);
  if (found.kind === "retried") return found.object;
  const { object } = found;
  const taken = retryOf(object, options);
  const row = await deps.archive.get(key);
  if (!isRow(row) || row.uid !== object.metadata.uid) throw EngineError.RETRY_TOO_SOON({ ...key });
  const uid = hashUid("retry", row.uid);
  const fact = admitted(deps.policy, {
    type: "submitted",
    at: deps.clock.now(),
    uid,
    name: key.name,
    namespace: key.namespace,
    workflow: manifestOf(object, options.parameters),
    by: { kind: "api", user: by },
    causes: row.causes,
    traceparent: traceparentOf(uid),
    reuse: {
      kind: "retry",
      of: { name: key.name, uid: row.uid },
      earlier: [...(row.earlier ?? []), row.uid],
      createdAt: Date.parse(object.metadata.creationTimestamp),
      ...taken,
    },
  });
  try {
    const seq = await deps.journal.append(key, [fact], 0);
    return projectWorkflow(createRun(fact), seq);
  } catch (error) {
    if (!hasCode(error, "BUS_WRONG_SEQUENCE")) throw error;
  }
  const there = await places.find(key);
  if (there?.metadata.uid !== uid) throw EngineError.RETRY_TOO_SOON({ ...key });
  return there;
}

type Ended =
  | { readonly kind: "ended"; readonly object: WorkflowObject }
  /** Somebody who asked at the same moment was first. */
  | { readonly kind: "retried"; readonly object: WorkflowObject };

/** The run once it is over and its journal gone, so that its name may have another. */
async function ended(
  deps: RunDirectoryDeps,
  places: RunPlaces,
  key: RunKeyed,
  options: RetryOptions,
): Promise<Ended> {
  const signal = deps.signal ?? new AbortController().signal;
  let asked: string | undefined;
  for (let waitedMs = 0; ; waitedMs += lookMs) {
    const read = await places.reader.read(key);
    if (read === undefined) break;
    const object = projectWorkflow(read.run, read.seq);
    if (asked !== undefined && read.run.uid === hashUid("retry", asked)) return { kind: "retried", object };
    asked ??= read.run.uid;
    if (read.run.deleted) throw EngineError.RUN_NOT_FOUND({ ...key });
    // What is refused is refused at once.
    retryOf(object, options);
    if (waitedMs >= patienceMs || signal.aborted) throw EngineError.RETRY_TOO_SOON({ ...key });
    await sleepFor(deps.clock, lookMs, signal);
  }
  const row = await deps.archive.get(key);
  if (!isRow(row) || places.deletions.has(row.uid)) throw EngineError.RUN_NOT_FOUND({ ...key });
  return { kind: "ended", object: await objectOf(row) };
}

const label = (name: string): string => `workflows.argoproj.io/${name}`;

/** Another run of the same manifest. Errors: ENGINE_RUN_NOT_FOUND, ENGINE_RETRY_REFUSED. */
export async function resubmitRun(
  places: RunPlaces,
  submit: (
    manifest: Workflow,
    options: SubmitOptions & { readonly reuse?: RunSubmitted["reuse"] },
  ) => Promise<Submitted>,
  { key, by, memoized, parameters, priority, cause }: { readonly key: RunKeyed } & ResubmitOptions,
): Promise<WorkflowObject> {
  const object = await places.find(key);
  if (object === undefined) throw EngineError.RUN_NOT_FOUND({ ...key });
  const taken = memoized === true ? resubmitOf(object) : undefined;
  const { metadata, ...manifest } = manifestOf(object, parameters);
  const { name: _name, ...rest } = metadata;
  const labels = {
    ...metadata.labels,
    [label("resubmitted-from-workflow")]: key.name,
    [label("previous-workflow-name")]: key.name,
  };
  const generateName = metadata.generateName ?? `${key.name.slice(0, 50)}-`;
  const spec = priority === undefined ? manifest.spec : { ...manifest.spec, priority };
  const { workflow } = await submit(
    { ...manifest, spec, metadata: { ...rest, generateName, labels } },
    {
      namespace: key.namespace,
      by: { kind: "api", user: by },
      ...(cause === undefined ? {} : { cause }),
      ...(taken === undefined
        ? {}
        : { reuse: { kind: "resubmit", of: { name: key.name, uid: object.metadata.uid }, ...taken } }),
    },
  );
  return workflow;
}
