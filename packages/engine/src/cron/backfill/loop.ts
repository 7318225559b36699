// Carries backfills out. Every process runs this; a compare-and-set of a backfill's state lets one of them decide.
// Owns:      a watch, a task for each backfill that is under way.   Ends: when its signal aborts.
// Invariants
//   B1. An instant is in the stored state before its run is asked for; who finds one there without a run asks (again):
//       the run is the same one, so a crash or a second process starts nothing twice.
//   B2. At most `parallel` of its runs are under way; an instant that is decided is not decided again.
//   B3. What the world may mend (the bus is away) is tried again; what it cannot is counted, and the next one goes on.
import { type Clock, hasCode, isAppError, type Logger, messageOf, retryOf } from "@sluice/base";
import type { KeyValue } from "@sluice/bus";
import { GoTime } from "@sluice/expr";
import type { RunDirectory } from "../../directory/port.ts";
import type { RunChange, RunRegistry } from "../../loop/registry.ts";
import type { CronDirectory } from "../directory/port.ts";
import { backfillLabel } from "../workflow.ts";
import { advanced, asked, type BackfillState, refused, roomOf, seen, stopped } from "./state.ts";
import {
  type BackfillKey,
  backfillKeys,
  decodeBackfill,
  keyOf,
  readBackfill,
  writeBackfill,
} from "./store.ts";

export interface BackfillDeps {
  /** KV `schedules`. */
  readonly state: KeyValue;
  readonly crons: Pick<CronDirectory, "instants" | "runAt">;
  readonly runs: Pick<RunDirectory, "get">;
  /** The engine's of this process: ends of its runs are seen at once. */
  readonly registry: Pick<RunRegistry, "onChange" | "get">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Runs of other processes are looked for so often, ms. */
const pollMs = 5_000;
const retryMs = 2_000;

/** Runs until the signal aborts. */
export async function runBackfills(deps: BackfillDeps, signal: AbortSignal): Promise<void> {
  const tasks = new Map<string, Task>();
  const unlisten = deps.registry.onChange((change) => {
    const cron = tasks.size === 0 ? undefined : cronOfEnded(deps, change);
    if (cron !== undefined) for (const task of tasks.values()) if (task.cron === cron) task.poke();
  });
  try {
    for await (const change of deps.state.watch(backfillKeys, signal)) {
      if (change.type !== "put") continue;
      const known = tasks.get(change.entry.key);
      if (known !== undefined) {
        known.poke();
        continue;
      }
      const key = keyIn(deps, change.entry);
      if (key === undefined) continue;
      const task = new Task(deps, key, signal);
      tasks.set(change.entry.key, task);
      void task.ended.finally(() => tasks.delete(keyOf(key)));
    }
  } finally {
    unlisten();
    await Promise.allSettled([...tasks.values()].map((task) => task.ended));
  }
}

/** `namespace/cron` of a run that a schedule asked for, when it has ended. */
function cronOfEnded({ registry }: BackfillDeps, { key, kind }: RunChange): string | undefined {
  const run = kind === "added" ? undefined : registry.get(key)?.run;
  if (run === undefined || (run.stage !== "done" && !run.deleted)) return undefined;
  const { by } = run.submitted;
  return by.kind === "schedule" ? `${key.namespace}/${by.cron}` : undefined;
}

function keyIn({ log }: BackfillDeps, entry: Parameters<typeof decodeBackfill>[0]): BackfillKey | undefined {
  try {
    const { namespace, cron, name, phase } = decodeBackfill(entry).state;
    return phase === "Running" ? { namespace, cron, name } : undefined;
  } catch (error) {
    log.error("a backfill cannot be read", { key: entry.key, reason: messageOf(error) });
    return undefined;
  }
}

class Task {
  readonly #deps: BackfillDeps;
  readonly #key: BackfillKey;
  readonly #signal: AbortSignal;
  #bell = new AbortController();
  readonly ended: Promise<void>;
  readonly cron: string;

  constructor(deps: BackfillDeps, key: BackfillKey, signal: AbortSignal) {
    this.#deps = deps;
    this.#key = key;
    this.#signal = signal;
    this.cron = `${key.namespace}/${key.cron}`;
    this.ended = this.#run();
  }

  poke(): void {
    this.#bell.abort();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#deps;
    while (!this.#signal.aborted) {
      this.#bell = new AbortController();
      let waitMs = pollMs;
      try {
        const found = await this.#look();
        // It may have been begun anew since it was read.
        if (found === "over" && !this.#bell.signal.aborted) return;
        if (found !== "waits") continue;
      } catch (error) {
        waitMs = retryMs;
        log.warn("a backfill will be looked at again", { ...this.#key, reason: messageOf(error) });
      }
      await clock.sleepUntil(clock.now() + waitMs, AbortSignal.any([this.#signal, this.#bell.signal]));
    }
  }

  async #look(): Promise<"over" | "changed" | "waits"> {
    const stored = await readBackfill(this.#deps.state, this.#key);
    if (stored === undefined || stored.state.phase !== "Running") return "over";
    const next = await this.#next(stored.state);
    if (next === stored.state) return "waits";
    await writeBackfill(this.#deps.state, next, stored.revision);
    return "changed";
  }

  async #next(before: BackfillState): Promise<BackfillState> {
    let state = before;
    try {
      for (const { instant, run } of before.active)
        state =
          run === undefined ? await this.#ask(state, instant) : seen(state, instant, await this.#phase(run));
      const room = roomOf(state);
      return room === 0 ? state : advanced(state, await this.#instants(state, room), this.#deps.clock.now());
    } catch (error) {
      if (!hasCode(error, "ENGINE_CRON_NOT_FOUND")) throw error;
      return stopped(state, this.#deps.clock.now(), messageOf(error));
    }
  }

  async #instants({ decided, end }: BackfillState, room: number): Promise<readonly number[]> {
    const { namespace, cron } = this.#key;
    const { crons, clock } = this.#deps;
    const span = { start: decided + 1, end: Math.min(end, clock.now()), limit: room };
    return crons.instants(namespace, cron, span);
  }

  async #ask(state: BackfillState, instant: number): Promise<BackfillState> {
    const { namespace, cron, name } = this.#key;
    const { argument, again } = state;
    try {
      const outcome = await this.#deps.crons.runAt(namespace, cron, {
        ...{ instant, backfill: name },
        ...(again === undefined ? {} : { again }),
        ...(argument === undefined
          ? {}
          : { argument: { name: argument.name, value: new GoTime(instant).format(argument.format) } }),
      });
      const isOwn = outcome.workflow?.metadata.labels[backfillLabel] === name;
      return asked(state, instant, { ...outcome, isOwn });
    } catch (error) {
      if (!isAppError(error) || retryOf(error) === "later" || hasCode(error, "ENGINE_CRON_NOT_FOUND"))
        throw error;
      return refused(state, instant, `${new Date(instant).toISOString()}: ${error.message}`);
    }
  }

  async #phase(run: string): Promise<string | undefined> {
    try {
      return (await this.#deps.runs.get(this.#key.namespace, run)).status.phase;
    } catch (error) {
      if (hasCode(error, "ENGINE_RUN_NOT_FOUND")) return undefined;
      throw error;
    }
  }
}
