// One cron workflow in one process: looks at it, one look at a time, and does what follows (see loop.ts, T1 and T2).
import { hasCode, isAppError, messageOf, retryOf } from "@sluice/base";
import type { CronDefinition } from "./definition.ts";
import { nextInstant } from "./definition.ts";
import type { CronDeps } from "./deps.ts";
import { decided as decidedMetrics, triggered } from "./measure.ts";
import { type CronEvent, reduceCron, surplus } from "./reduce.ts";
import { endsOf } from "./run-ends.ts";
import { type ActiveRun, type CronState, causeOf, newState } from "./state.ts";
import { type CronKey, keyOf, readCron, type StoredCron, writeCron } from "./store.ts";
import { cronLabel, workflowAt } from "./workflow.ts";

/** A run that was decided elsewhere is submitted here too after so many ms. */
const helpAfterMs = 5_000;
/** Runs of other processes are looked for so often, ms. */
const pollMs = 10_000;
const retryMs = 2_000;

interface ActorOptions {
  readonly signal: AbortSignal;
  /** Called after each look: `dueAt` may be another. */
  readonly onIdle: () => void;
}

export class CronActor {
  readonly #deps: CronDeps;
  readonly #key: CronKey;
  readonly #options: ActorOptions;
  #definition: CronDefinition | undefined;
  #stored: StoredCron | undefined;
  /** Newest revision of the state's key that is known, of a deletion too. */
  #revision = 0;
  #begun = false;
  #forgotten = false;
  #again = false;
  #working: Promise<void> | undefined;
  /** When it is to be looked at next, epoch ms. */
  dueAt = Number.POSITIVE_INFINITY;

  constructor(deps: CronDeps, key: CronKey, options: ActorOptions) {
    this.#deps = deps;
    this.#key = key;
    this.#options = options;
  }

  define(definition: CronDefinition): void {
    this.#definition = definition;
    this.poke();
  }

  /** The state as the bucket has it: of this process, or of another one. */
  stored(stored: StoredCron | undefined, revision: number): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    this.#stored = stored;
    this.poke();
  }

  /** From now on it acts: all that is stored was read. */
  begin(): void {
    this.#begun = true;
    this.poke();
  }

  poke(): void {
    this.#again = true;
    if (!this.#begun || this.#forgotten || this.#options.signal.aborted) return;
    this.#working ??= this.#work();
  }

  idle(): Promise<void> {
    return this.#working ?? Promise.resolve();
  }

  /** The cron workflow was deleted: its state goes, its runs stay. */
  async forget(): Promise<void> {
    this.#forgotten = true;
    await this.idle();
    const { state, log } = this.#deps;
    try {
      const stored = await readCron(state, this.#key);
      if (stored === undefined || stored.state.revision > (this.#definition?.revision ?? 0)) return;
      await state.delete(keyOf(this.#key), stored.revision);
    } catch (error) {
      if (hasCode(error, "BUS_WRONG_SEQUENCE")) return;
      log.warn("state of a deleted cron workflow stays", { ...this.#fields(), reason: messageOf(error) });
    }
  }

  async #work(): Promise<void> {
    this.dueAt = Number.POSITIVE_INFINITY;
    try {
      while (this.#again && !this.#forgotten && !this.#options.signal.aborted) {
        this.#again = false;
        await this.#look();
      }
    } catch (error) {
      this.dueAt = this.#deps.clock.now() + retryMs;
      this.#deps.log.warn("cron workflow will be looked at again", {
        ...this.#fields(),
        reason: messageOf(error),
      });
    } finally {
      this.#working = undefined;
      this.#options.onIdle();
    }
  }

  async #look(): Promise<void> {
    const definition = this.#definition;
    if (definition === undefined) return;
    const { clock } = this.#deps;
    // An older definition than the one that was acted upon: the newer one is on its way.
    if ((this.#stored?.state.revision ?? 0) > definition.revision) return;
    const ends = await endsOf(this.#deps, this.#key.namespace, this.#stored?.state.active ?? []);
    const at = clock.now();
    const decided = await this.#change(definition, [{ type: "defined", at }, ...ends, { type: "tick", at }]);
    if (decided === undefined) return;
    this.#deps.metrics?.take(decidedMetrics(this.#key, definition, decided));
    const outcomes = await this.#act(definition, decided);
    const after = outcomes.length === 0 ? undefined : await this.#change(definition, outcomes);
    if (after !== undefined) this.#deps.metrics?.take(decidedMetrics(this.#key, definition, after));
    const state = outcomes.length === 0 ? decided.now : after?.now;
    if (state !== undefined) this.dueAt = dueAtOf(definition, state, clock.now());
  }

  /** Folds and stores; undefined when another process was first, and the look begins again. */
  async #change(
    definition: CronDefinition,
    events: readonly CronEvent[],
  ): Promise<{ readonly before: CronState | undefined; readonly now: CronState } | undefined> {
    const before = this.#stored?.state;
    let now = before ?? newState(definition);
    for (const event of events) now = reduceCron(now, event, definition);
    if (now === before) return { before, now };
    const live = this.#stored;
    const written = await writeCron(this.#deps.state, this.#key, { state: now, revision: live?.revision });
    if (written !== undefined) {
      this.#adopt(written);
      return { before, now };
    }
    const read = await readCron(this.#deps.state, this.#key);
    if (read !== undefined) this.#adopt(read);
    else this.#stored = undefined;
    this.#again = true;
    return undefined;
  }

  #adopt(stored: StoredCron): void {
    if (stored.revision <= this.#revision) return;
    this.#revision = stored.revision;
    this.#stored = stored;
  }

  /** Does what the stored state asks for. What cannot be done now is asked for again at the next look. */
  async #act(
    definition: CronDefinition,
    { before, now }: { readonly before: CronState | undefined; readonly now: CronState },
  ): Promise<readonly CronEvent[]> {
    const at = this.#deps.clock.now();
    const known = new Set(before?.active.map(({ uid }) => uid));
    const outcomes: CronEvent[] = [];
    for (const run of now.active) {
      if (run.askedAt === undefined) continue;
      if (known.has(run.uid) && at - run.askedAt < helpAfterMs) continue;
      const outcome = await this.#submit(definition, now, run);
      if (outcome !== undefined) outcomes.push(outcome);
    }
    const removed = await this.#removeSurplus(definition, now);
    if (removed.length > 0) outcomes.push({ type: "removed", uids: removed });
    return outcomes;
  }

  async #submit(
    definition: CronDefinition,
    state: CronState,
    run: ActiveRun,
  ): Promise<CronEvent | undefined> {
    const { runs, clock, log } = this.#deps;
    const { namespace, name } = this.#key;
    try {
      for (const replaced of run.replaces ?? []) await this.#terminate(replaced);
      const workflow = workflowAt(definition.manifest, this.#key, { instant: run.at });
      const by = { kind: "schedule", cron: name, at: run.at } as const;
      const { outcome } = await runs.submit(workflow, { namespace, by, cause: causeOf(state, run.at) });
      if (outcome === "created") this.#deps.metrics?.take(triggered(this.#key, run.replaces?.length ?? 0));
      log.info("cron workflow fired", { ...this.#fields(), run: run.name, lateMs: clock.now() - run.at });
      return { type: "submitted", uid: run.uid };
    } catch (error) {
      // An earlier cron workflow of this name has run at this instant.
      if (hasCode(error, "ENGINE_NAME_TAKEN") && (await this.#isOurs(run.name)))
        return { type: "gone", uid: run.uid };
      if (retryOf(error) === "later") {
        log.warn("a run of a cron workflow cannot be submitted yet", {
          ...this.#fields(),
          reason: messageOf(error),
        });
        return undefined;
      }
      const code = isAppError(error) ? error.code : undefined;
      log.warn("a run of a cron workflow was refused", {
        ...this.#fields(),
        code,
        reason: messageOf(error),
      });
      return { type: "refused", uid: run.uid, at: clock.now(), message: messageOf(error) };
    }
  }

  async #terminate(name: string): Promise<void> {
    const { namespace } = this.#key;
    try {
      await this.#deps.runs.terminate(
        { namespace, name },
        { by: `cron/${this.#key.name}`, message: "replaced by the next run of its cron workflow" },
      );
    } catch (error) {
      if (!hasCode(error, "ENGINE_RUN_FINISHED") && !hasCode(error, "ENGINE_RUN_NOT_FOUND")) throw error;
    }
  }

  async #isOurs(run: string): Promise<boolean> {
    try {
      const there = await this.#deps.runs.get(this.#key.namespace, run);
      return there.metadata.labels[cronLabel] === this.#key.name;
    } catch (error) {
      if (hasCode(error, "ENGINE_RUN_NOT_FOUND")) return false;
      throw error;
    }
  }

  async #removeSurplus(definition: CronDefinition, state: CronState): Promise<readonly string[]> {
    const removed: string[] = [];
    for (const { name, uid } of surplus(state, definition)) {
      try {
        await this.#deps.runs.delete(
          { namespace: this.#key.namespace, name },
          { by: `cron/${this.#key.name}` },
        );
      } catch (error) {
        if (!hasCode(error, "ENGINE_RUN_NOT_FOUND")) {
          this.#deps.log.warn("an old run of a cron workflow cannot be removed yet", {
            ...this.#fields(),
            run: name,
            reason: messageOf(error),
          });
          continue;
        }
      }
      removed.push(uid);
    }
    return removed;
  }

  #fields() {
    return { namespace: this.#key.namespace, cron: this.#key.name };
  }
}

/** When to look again: at the next instant, for runs under way, for what is not done yet. */
function dueAtOf(definition: CronDefinition, state: CronState, now: number): number {
  const pending = state.active.some((run) => run.askedAt !== undefined);
  const soon = pending
    ? now + retryMs
    : state.active.length > 0 || surplus(state, definition).length > 0
      ? now + pollMs
      : Number.POSITIVE_INFINITY;
  if (state.suspended || state.phase === "Stopped") return soon;
  const next = nextInstant(definition, state.decided, state.anchor) ?? Number.POSITIVE_INFINITY;
  // One that is due and waits for its turn is looked at when a run ends, or at the next poll.
  return Math.min(soon, next <= now ? now + retryMs : next);
}
