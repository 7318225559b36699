import { knownWith } from "../definitions/config-maps.ts";
import type { ConfigMapContent } from "../definitions/port.ts";
import type { AnswerFact, Remembered } from "../facts.ts";
import type { Ask, LockRelease, MemoSave } from "../run/state/asks.ts";
import type { Run } from "../run/state/run.ts";

/** Locks and caches in memory, for runs without a bus; several may share one world. */
export class AskWorld {
  /** By lock, its holders. */
  readonly holders = new Map<string, Set<string>>();
  readonly limits: Readonly<Record<string, number>>;
  readonly caches = new Map<string, MemoSave>();
  /** Most holders that each lock had at once. */
  readonly peak = new Map<string, number>();
  readonly #waiting: { readonly run: Run; readonly id: string }[] = [];
  #fence = 0;

  /** What ConfigMaps have, by name, for keys that only a step knows. */
  readonly configMaps = new Map<string, ConfigMapContent>();
  readonly #assumed: number | undefined;

  /**
   * Semaphores by how they are shown; a mutex needs no limit. `assumed`: the limit of a semaphore that is not in the
   * list; without it, it is denied.
   */
  constructor(limits: Readonly<Record<string, number>> = {}, assumed?: number) {
    this.limits = limits;
    this.#assumed = assumed;
  }

  /** The answer, or undefined when it has to wait. */
  ask(run: Run, ask: Ask, at: number): AnswerFact | undefined {
    if (ask.kind === "memo") return this.#remembered(ask, at);
    if (ask.kind === "config") {
      const { name, key } = ask.key;
      const map = knownWith(this.configMaps.get(name), (one) => one === key);
      return { type: "configured", at, ask: ask.id, map };
    }
    const unknown = ask.locks.find(
      ({ kind, key }) => !kind.endsWith("mutex") && this.#limitOf(key) === undefined,
    );
    if (unknown !== undefined)
      return { type: "denied", at, ask: ask.id, message: `no limit for ${unknown.key}` };
    const holder = `${run.uid}/${ask.id}`;
    const full = ask.locks.some(({ key, kind }) => {
      const held = this.#of(key);
      return !held.has(holder) && held.size >= (this.#limitOf(key, kind) ?? 1);
    });
    if (full) {
      this.#waiting.push({ run, id: ask.id });
      return undefined;
    }
    const fences: Record<string, number> = {};
    for (const { key } of ask.locks) {
      const held = this.#of(key).add(holder);
      this.peak.set(key, Math.max(this.peak.get(key) ?? 0, held.size));
      this.#fence += 1;
      fences[key] = this.#fence;
    }
    return { type: "locked", at, ask: ask.id, fences };
  }

  #limitOf(key: string, kind = ""): number | undefined {
    return kind.endsWith("mutex") ? 1 : (this.limits[key] ?? this.#assumed);
  }

  #of(key: string): Set<string> {
    const known = this.holders.get(key) ?? new Set<string>();
    this.holders.set(key, known);
    return known;
  }

  #remembered(ask: Extract<Ask, { kind: "memo" }>, at: number): Remembered {
    const entry = this.caches.get(`${ask.cache}/${ask.key}`);
    const isFresh = entry !== undefined && entry.createdAt + (ask.maxAgeMs ?? Number.POSITIVE_INFINITY) >= at;
    if (!isFresh) return { type: "remembered", at, ask: ask.id };
    const { node, createdAt, outputs } = entry;
    return {
      type: "remembered",
      at,
      ask: ask.id,
      hit: { node, createdAt, ...(outputs === undefined ? {} : { outputs }) },
    };
  }

  release(run: Run, { ask, locks }: LockRelease): void {
    for (const { key } of locks) this.holders.get(key)?.delete(`${run.uid}/${ask}`);
  }

  save(entry: MemoSave): void {
    this.caches.set(`${entry.cache}/${entry.key}`, entry);
  }

  /** Asks of the run that waited and may be answered now. */
  retry(run: Run): readonly string[] {
    const mine = this.#waiting.filter((waiting) => waiting.run === run);
    for (const one of mine) this.#waiting.splice(this.#waiting.indexOf(one), 1);
    return mine.map(({ id }) => id);
  }

  /** Everything that is held, as `lock holder`. */
  get held(): readonly string[] {
    return [...this.holders].flatMap(([key, holders]) => [...holders].map((holder) => `${key} ${holder}`));
  }
}
