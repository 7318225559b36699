// Runs as clients see them, and what may be asked of them.
import { hasCode, silentLogger, traceparentOf } from "@sluice/base";
import { type RunSubmitted, runIdentity, type Workflow } from "@sluice/spec";
import { command, readRun, verbOf } from "../commands.ts";
import { EngineError } from "../errors.ts";
import { objectOf } from "../project/archive.ts";
import { removeArtifacts } from "../project/artifact-gc.ts";
import { checkLabels } from "../project/labels.ts";
import { projectWorkflow } from "../project/workflow.ts";
import { createRun } from "../run/create.ts";
import type { RunKeyed } from "../run/state/run.ts";
import { admitted } from "../submission/policy.ts";
import { ChangeFeed } from "./change-feed.ts";
import type { RunDirectoryDeps } from "./deps.ts";
import { listRuns } from "./list.ts";
import { findByUid } from "./lookup/by-uid.ts";
import { EstimateBook, isEstimated } from "./lookup/estimate.ts";
import { archivedLabels } from "./lookup/labels.ts";
import { type Deletions, isRow, makePlaces, type RunPlaces } from "./places.ts";
import type { RunDirectory, RunList, RunQuery, SubmitOptions, Submitted } from "./port.ts";
import { resubmitRun, retryRun } from "./rerun/repeat.ts";
import { watchRuns } from "./watch.ts";

export function makeRunDirectory(deps: RunDirectoryDeps): RunDirectory {
  const send = (key: RunKeyed, fact: Parameters<typeof command>[2]) =>
    settledCommand(deps, places.deletions, key, fact);
  const at = () => deps.clock.now();
  const places = makePlaces(deps);
  const feed = new ChangeFeed(places, deps.log ?? silentLogger);
  const book = new EstimateBook();
  const { find } = places;
  /** Until there is a use for it, the archive is not read. */
  const indexed = (): RunPlaces => {
    if (deps.signal !== undefined) places.index.follow(deps.signal);
    return places;
  };
  return {
    submit: (manifest, options) => submit(deps, find, { manifest, options }),
    get: async (namespace, name) => {
      const found = await find({ namespace, name });
      if (found === undefined) throw EngineError.RUN_NOT_FOUND({ namespace, name });
      return found;
    },
    estimate: async (namespace, labels) =>
      isEstimated(labels) ? book.estimate(indexed(), namespace, labels) : undefined,
    findByUid: (uid) => findByUid(indexed(), uid),
    labels: (namespace) => archivedLabels(indexed(), namespace),
    list: (namespace: string | undefined, query: RunQuery = {}): Promise<RunList> =>
      listRuns(indexed(), namespace, query),
    watch: (namespace, query, signal) =>
      watchRuns({ places: indexed(), feed, clock: deps.clock }, { namespace, ...query }, signal),
    stop: (key, { by, message, nodeFieldSelector: selector }) =>
      send(key, { type: "stop", at: at(), by, strategy: "Stop", ...defined({ message, selector }) }),
    terminate: (key, { by, message }) =>
      send(key, { type: "stop", at: at(), by, strategy: "Terminate", ...defined({ message }) }),
    suspend: (key, { by }) => send(key, { type: "suspend", at: at(), by }),
    resume: (key, { by, nodeFieldSelector: selector, outputParameters: parameters }) =>
      send(key, { type: "resume", at: at(), by, ...defined({ selector, parameters }) }),
    set: (key, { by, nodeFieldSelector: selector, outputParameters: parameters, phase, message }) =>
      send(key, { type: "set", at: at(), by, selector, ...defined({ parameters, phase, message }) }),
    label: async (key, { by, labels, annotations }) => {
      checkLabels(labels, annotations);
      await send(key, { type: "label", at: at(), by, ...defined({ labels, annotations }) });
    },
    retry: (key, options) => retryRun(deps, indexed(), { key, ...options }),
    resubmit: (key, options) =>
      resubmitRun(places, (manifest, given) => submit(deps, find, { manifest, options: given }), {
        key,
        ...options,
      }),
    delete: (key, { by, uid }) => remove(deps, places.deletions, key, { by, ...defined({ uid }) }),
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const defined = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;

async function submit(
  deps: RunDirectoryDeps,
  find: RunPlaces["find"],
  {
    manifest,
    options,
  }: {
    readonly manifest: Workflow;
    readonly options: SubmitOptions & { readonly reuse?: RunSubmitted["reuse"] };
  },
): Promise<Submitted> {
  const cause = options.cause ?? deps.random.id();
  const { uid, name } = runIdentity(manifest.metadata, cause);
  const { namespace } = options;
  const { status: _status, ...workflow } = manifest;
  const fact = admitted(deps.policy, {
    type: "submitted",
    at: deps.clock.now(),
    uid,
    name,
    namespace,
    workflow: workflow as Workflow,
    by: options.by,
    causes: options.causes ?? [],
    traceparent: options.traceparent ?? traceparentOf(uid),
    ...(options.reuse === undefined ? {} : { reuse: options.reuse }),
  });
  const outcome = await deps.submitRun(fact);
  if (outcome.kind === "name-taken") throw EngineError.NAME_TAKEN({ namespace, name, uid: outcome.uid });
  const there = outcome.kind === "duplicate" ? await find({ namespace, name }) : undefined;
  return {
    workflow: there ?? projectWorkflow(createRun(fact), outcome.kind === "created" ? outcome.seq : 0),
    outcome: outcome.kind,
  };
}

/** A command to a run that is archived already is told so, and not that the run does not exist. */
async function settledCommand(
  deps: RunDirectoryDeps,
  deletions: Deletions,
  key: RunKeyed,
  fact: Parameters<typeof command>[2],
): Promise<void> {
  if ((await command(deps.journal, key, fact)).kind !== "absent") return;
  const row = await deps.archive.get(key);
  if (!isRow(row) || deletions.has(row.uid)) throw EngineError.RUN_NOT_FOUND({ ...key });
  throw EngineError.RUN_FINISHED({ ...key, verb: verbOf(fact), phase: row.phase });
}

/** In the journal while it takes commands, and in the archive where the run has come to by then. */
async function remove(
  deps: RunDirectoryDeps,
  deletions: Deletions,
  key: RunKeyed,
  { by, uid: wanted }: { readonly by: string; readonly uid?: string },
): Promise<void> {
  let inJournal = true;
  try {
    const fact = { type: "delete", at: deps.clock.now(), by } as const;
    const outcome = await command(deps.journal, key, fact, wanted);
    inJournal = outcome.kind === "stored";
    if (outcome.kind === "stored") {
      deletions.add(outcome.uid);
      if (deps.registry.get(key)?.run.uid === outcome.uid) deps.registry.changed(key);
    }
  } catch (error) {
    if (!hasCode(error, "ENGINE_RUN_NOT_FOUND")) throw error;
    // Under the name there is another run by now: its row is not there yet, and the old one's is its last refuge.
    if (wanted !== undefined && (await readRun(deps.journal, key)) !== undefined) throw error;
    inJournal = false;
  }
  // After the journal: a run that is in neither is nowhere.
  const row = await deps.archive.get(key);
  if (isRow(row) && (wanted === undefined || row.uid === wanted)) {
    if (deps.artifacts !== undefined)
      await removeArtifacts(deps.artifacts, await objectOf(row), { when: "deletion", earlier: row.earlier });
    await deps.archive.bury(key, row.uid);
    deletions.add(row.uid);
    await deps.logs.purge(key);
  } else if (!inJournal) throw EngineError.RUN_NOT_FOUND({ ...key });
}
