import { type Clock, hasCode, hashId, nameSuffix } from "@sluice/base";
import type { KeyValue, Resources } from "@sluice/bus";
import { type CronWorkflow, maxWorkflowName } from "@sluice/spec";
import { parseLabelSelector } from "../../directory/label-selector.ts";
import type { RunDirectory } from "../../directory/port.ts";
import { EngineError } from "../../errors.ts";
import { type CronDefinition, instantsBetween, nextInstant, readDefinition } from "../definition.ts";
import { reduceCron } from "../reduce.ts";
import { type CronState, causeOf, newState, runOf } from "../state.ts";
import { readCron, writeCron } from "../store.ts";
import { backfillLabel, workflowAt } from "../workflow.ts";
import { cronObject } from "./object.ts";
import type { CronDirectory, CronObject, InstantsQuery, RunAtOptions, RunAtOutcome } from "./port.ts";

export interface CronDirectoryDeps {
  readonly resources: Resources;
  /** KV `schedules`. */
  readonly state: KeyValue;
  readonly runs: Pick<RunDirectory, "submit" | "get">;
  readonly clock: Clock;
  /** As the scheduler's. */
  readonly zone: string;
}

const kind = "CronWorkflow";

interface Found {
  readonly definition: CronDefinition;
  readonly state: CronState;
}

export function makeCronDirectory(deps: CronDirectoryDeps): CronDirectory {
  const { resources, clock, zone } = deps;
  const find = async (namespace: string, name: string): Promise<Found> => {
    const resource = await resources.get(kind, namespace, name);
    if (resource === undefined) throw EngineError.CRON_NOT_FOUND({ namespace, name });
    return withState(deps, readDefinition(resource, zone));
  };
  const shown = ({ definition, state }: Found): CronObject => cronObject(definition, state, clock.now());
  const get = async (namespace: string, name: string): Promise<CronObject> =>
    shown(await find(namespace, name));
  const put = async (namespace: string, manifest: CronWorkflow): Promise<CronObject> => {
    const own = ownManifest(namespace, manifest);
    const name = own.metadata.name ?? "";
    await resources.apply(kind, namespace, name, own);
    return get(namespace, name);
  };
  const setSuspended = async (namespace: string, name: string, suspend: boolean): Promise<void> => {
    const { manifest, suspended } = (await find(namespace, name)).definition;
    if (suspended === suspend) return;
    const { suspend: _before, ...spec } = manifest.spec;
    const wanted = suspend ? { ...spec, suspend } : spec;
    await resources.apply(kind, namespace, name, { ...manifest, spec: wanted });
  };
  return {
    get,
    async list(namespace, labelSelector) {
      const fits = parseLabelSelector(labelSelector);
      const items: CronObject[] = [];
      for (const resource of await resources.list(kind, namespace)) {
        const object = shown(await withState(deps, readDefinition(resource, zone)));
        if (fits(object.metadata.labels)) items.push(object);
      }
      return { items };
    },
    async create(namespace, manifest) {
      const name = manifest.metadata.name ?? "";
      if ((await resources.get(kind, namespace, name)) !== undefined)
        throw EngineError.CRON_EXISTS({ namespace, name });
      return put(namespace, manifest);
    },
    async update(namespace, manifest) {
      await find(namespace, manifest.metadata.name ?? "");
      return put(namespace, manifest);
    },
    async delete(namespace, name) {
      if (!(await resources.delete(kind, namespace, name)))
        throw EngineError.CRON_NOT_FOUND({ namespace, name });
    },
    async suspend(namespace, name) {
      await setSuspended(namespace, name, true);
      return get(namespace, name);
    },
    async resume(namespace, name) {
      await setSuspended(namespace, name, false);
      await restart(deps, (await find(namespace, name)).definition);
      return get(namespace, name);
    },
    async instants(namespace, name, { start, end, limit }: InstantsQuery) {
      const { definition, state } = await find(namespace, name);
      return instantsBetween(definition, { after: start - 1, upTo: end, anchor: state.anchor }, limit);
    },
    runAt: async (namespace, name, options) => runAt(deps, await find(namespace, name), options),
  };
}

async function withState(deps: CronDirectoryDeps, definition: CronDefinition): Promise<Found> {
  const stored = await readCron(deps.state, definition);
  const state = stored?.state ?? newState(definition);
  // What the scheduler will see at its next look.
  return { definition, state: reduceCron(state, { type: "defined", at: deps.clock.now() }, definition) };
}

/** The fields that are the author's: those that a server writes into an object are left out. */
function ownManifest(namespace: string, { metadata, spec, apiVersion, kind }: CronWorkflow): CronWorkflow {
  const { name, labels, annotations } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      ...{ name, namespace },
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec,
  };
}

const maxTries = 20;

async function restart(deps: CronDirectoryDeps, definition: CronDefinition): Promise<void> {
  const { namespace, name } = definition;
  for (let tries = 1; tries <= maxTries; tries++) {
    const stored = await readCron(deps.state, definition);
    if (stored === undefined || stored.state.phase === "Active") return;
    const state = reduceCron(stored.state, { type: "restarted", at: deps.clock.now() }, definition);
    if ((await writeCron(deps.state, definition, { state, revision: stored.revision })) !== undefined) return;
  }
  throw EngineError.COMMAND_CONTENDED({ namespace, name, tries: maxTries });
}

async function runAt(
  deps: CronDirectoryDeps,
  { definition, state }: Found,
  options: RunAtOptions,
): Promise<RunAtOutcome> {
  const { namespace, name: cron } = definition;
  const { instant, again } = options;
  requireInstant(deps, { definition, state }, instant);
  const run = runOf(state, cron, instant);
  const cause = again === undefined ? causeOf(state, instant) : `${causeOf(state, instant)}#${again}`;
  const labels = options.backfill === undefined ? {} : { labels: { [backfillLabel]: options.backfill } };
  const argument = options.argument === undefined ? {} : { argument: options.argument };
  const workflow = workflowAt(definition.manifest, definition, { instant, ...argument, ...labels });
  const by = { kind: "schedule", cron, at: instant } as const;
  const name = again === undefined ? run.name : anotherName(run.name, cause);
  const named = { ...workflow, metadata: { ...workflow.metadata, name } };
  const { outcome, workflow: made } = await deps.runs.submit(named, { namespace, by, cause });
  if (outcome === "created") return { kind: "created", name, workflow: made };
  return { kind: "exists", name, ...((await isThere(deps, namespace, name)) ? { workflow: made } : {}) };
}

/** The name of a further run of an instant: within the length that a workflow's name may have. */
function anotherName(name: string, cause: string): string {
  const suffix = `-${nameSuffix(hashId(cause), 5)}`;
  const cut = name.slice(Math.max(0, name.length + suffix.length - maxWorkflowName));
  return `${cut.replace(/^[^a-z0-9]+/, "")}${suffix}`;
}

function requireInstant(deps: CronDirectoryDeps, { definition, state }: Found, instant: number): void {
  const { namespace, name } = definition;
  const wrong = (reason: string) =>
    EngineError.CRON_INSTANT({ namespace, name, instant: new Date(instant).toISOString(), reason });
  if (instant > deps.clock.now()) throw wrong("is still to come");
  if (nextInstant(definition, instant - 1, state.anchor) !== instant) throw wrong("is no scheduled time");
}

/** Whether a run that was started before is still kept. */
async function isThere({ runs }: CronDirectoryDeps, namespace: string, name: string): Promise<boolean> {
  try {
    await runs.get(namespace, name);
    return true;
  } catch (error) {
    if (hasCode(error, "ENGINE_RUN_NOT_FOUND")) return false;
    throw error;
  }
}
