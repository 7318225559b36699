// Backfills as clients see them, and what may be asked of them.
import { type Clock, hasCode } from "@sluice/base";
import type { KeyValue } from "@sluice/bus";
import { EngineError } from "../../errors.ts";
import type { CronDirectory } from "../directory/port.ts";
import { type BackfillState, stopped } from "./state.ts";
import { type BackfillKey, decodeBackfill, keysOf, readBackfill, writeBackfill } from "./store.ts";

export interface BackfillRequest {
  /** Epoch ms; both count. */
  readonly start: number;
  readonly end: number;
  readonly parallel: number;
  /** More scheduled times than so many are refused. */
  readonly limit: number;
  readonly argument?: { readonly name: string; readonly format: string };
  readonly again?: boolean;
}

export interface BackfillDirectory {
  /**
   * Begins it; the same request again is the one that is there. Errors: ENGINE_CRON_NOT_FOUND, ENGINE_BACKFILL_EXISTS for
   * another one under way by this name, ENGINE_BACKFILL_TOO_LARGE.
   */
  begin(key: BackfillKey, request: BackfillRequest): Promise<BackfillState>;
  /** Errors: ENGINE_BACKFILL_NOT_FOUND. */
  get(key: BackfillKey): Promise<BackfillState>;
  /** The newest first. */
  list(namespace: string | undefined, cron?: string): Promise<readonly BackfillState[]>;
  /** Starts nothing more; what is under way goes on. Errors: ENGINE_BACKFILL_NOT_FOUND. */
  stop(key: BackfillKey): Promise<BackfillState>;
}

export interface BackfillDirectoryDeps {
  /** KV `schedules`. */
  readonly state: KeyValue;
  readonly crons: Pick<CronDirectory, "instants" | "get">;
  readonly clock: Pick<Clock, "now">;
}

const maxTries = 20;

export function makeBackfillDirectory(deps: BackfillDirectoryDeps): BackfillDirectory {
  const { state: bucket, clock } = deps;
  const get = async (key: BackfillKey): Promise<BackfillState> => {
    const found = await readBackfill(bucket, key);
    if (found === undefined) throw EngineError.BACKFILL_NOT_FOUND({ ...key });
    return found.state;
  };
  return {
    get,
    begin: (key, request) => begin(deps, key, request),
    async list(namespace, cron) {
      const found: BackfillState[] = [];
      for await (const entry of bucket.entries(keysOf(namespace, cron))) {
        try {
          found.push(decodeBackfill(entry).state);
        } catch (error) {
          if (!hasCode(error, "ENGINE_CRON_STATE_INVALID")) throw error;
        }
      }
      return found.sort((a, b) => b.requestedAt - a.requestedAt);
    },
    async stop(key) {
      for (let tries = 1; tries <= maxTries; tries++) {
        const found = await readBackfill(bucket, key);
        if (found === undefined) throw EngineError.BACKFILL_NOT_FOUND({ ...key });
        const next = stopped(found.state, clock.now());
        if (next === found.state || (await writeBackfill(bucket, next, found.revision))) return next;
      }
      throw EngineError.COMMAND_CONTENDED({ namespace: key.namespace, name: key.name, tries: maxTries });
    },
  };
}

async function begin(
  { state: bucket, crons, clock }: BackfillDirectoryDeps,
  key: BackfillKey,
  { start, limit, parallel, again, argument, ...request }: BackfillRequest,
): Promise<BackfillState> {
  const { namespace, cron, name } = key;
  await crons.get(namespace, cron);
  const end = Math.min(request.end, clock.now());
  const instants = await crons.instants(namespace, cron, { start, end, limit: limit + 1 });
  if (instants.length > limit) throw EngineError.BACKFILL_TOO_LARGE({ namespace, name: cron, limit });
  const wanted: BackfillState = {
    ...{ v: 1, namespace, cron, name, start, end, parallel },
    ...(argument === undefined ? {} : { argument }),
    ...(again === true ? { again: name } : {}),
    ...{ requestedAt: clock.now(), decided: start - 1, active: [] },
    ...{ created: 0, existed: 0, succeeded: 0, failed: 0, phase: "Running" },
  };
  const there = await readBackfill(bucket, key);
  if (there?.state.phase === "Running") {
    if (isSame(there.state, wanted)) return there.state;
    throw EngineError.BACKFILL_EXISTS({ ...key });
  }
  if (!(await writeBackfill(bucket, wanted, there?.revision))) throw EngineError.BACKFILL_EXISTS({ ...key });
  return wanted;
}

const isSame = (a: BackfillState, b: BackfillState): boolean =>
  a.start === b.start &&
  a.parallel === b.parallel &&
  a.again === b.again &&
  a.argument?.name === b.argument?.name;
