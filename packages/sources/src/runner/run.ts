// Applied EventSources in, running sources out. Deciding is in plan.ts; this file follows changes.
// Owns:      one slot an event.      Talks to: Resources, and through emit to EventLog and Trail.
// Invariants
//   R1. One event's trouble (wrong config, failing run, unknown kind) never stops or restarts another event.
//   R2. An event whose config did not change keeps running through any change of its object.
//   R3. On abort every source is stopped and awaited before `runSources` returns.
import type { Clock, Failpoints, Logger, Random } from "@sluice/base";
import type { EventLog, Resource, Resources, Trail } from "@sluice/bus";
import type { References } from "@sluice/kube";
import { EventSource } from "@sluice/spec";
import { makeEmit } from "../emit.ts";
import { SourceError } from "../errors.ts";
import type { Ingress } from "../ingress.ts";
import { sourceRegistry } from "../kinds/registry.gen.ts";
import type { SourcesBoard } from "./board.ts";
import { planEvents, type SourceRegistry } from "./plan.ts";
import { EventSlot, type RunnableEvent } from "./slot.ts";
import { supervise } from "./supervise.ts";

export interface SourcesDeps {
  readonly resources: Resources;
  readonly events: EventLog;
  readonly trail: Trail;
  readonly ingress: Ingress;
  readonly references: References;
  /** Written here, read by the API. */
  readonly board: SourcesBoard;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly failpoints: Failpoints;
  /** Default: every kind of this build. */
  readonly registry?: SourceRegistry;
}

/** Runs every applied EventSource until `signal` aborts. Throws only what the watch of the resources throws. */
export async function runSources(deps: SourcesDeps, signal: AbortSignal): Promise<void> {
  const runner = new Runner(deps);
  try {
    for await (const change of deps.resources.watch(["EventSource"], signal)) {
      if (change.type === "caught-up") deps.board.caughtUp();
      else if (change.type === "deleted") runner.deleted(change.namespace, change.name);
      else runner.applied(change.resource);
    }
  } finally {
    await runner.close();
  }
}

class Runner {
  readonly #deps: SourcesDeps;
  readonly #registry: SourceRegistry;
  readonly #sources = new Map<string, Map<string, EventSlot>>();
  readonly #waiting = new Set<() => void>();
  /** Slots that were emptied and still end. */
  readonly #ending = new Set<Promise<void>>();

  constructor(deps: SourcesDeps) {
    this.#deps = deps;
    this.#registry = deps.registry ?? sourceRegistry;
  }

  applied(resource: Resource): void {
    const { namespace, name } = resource;
    const parsed = EventSource.safeParse(resource.manifest);
    if (!parsed.success) {
      this.#deps.log.error("stored EventSource cannot be read", {
        namespace,
        source: name,
        reason: parsed.error.message,
      });
      return;
    }
    const planned = planEvents(parsed.data, name, this.#registry);
    const slots = this.#sources.get(`${namespace}/${name}`) ?? new Map<string, EventSlot>();
    this.#sources.set(`${namespace}/${name}`, slots);
    const names = planned.map((p) => p.event);
    this.#deps.board.resource(namespace, name, resource.generation, names);
    for (const [event, slot] of slots) if (!names.includes(event)) this.#drop(slots, event, slot);
    for (const event of planned) {
      const slot = slots.get(event.event) ?? this.#makeSlot(namespace, name);
      slots.set(event.event, slot);
      slot.put(event);
    }
    this.#wake();
  }

  deleted(namespace: string, name: string): void {
    const slots = this.#sources.get(`${namespace}/${name}`) ?? new Map<string, EventSlot>();
    this.#sources.delete(`${namespace}/${name}`);
    for (const [event, slot] of slots) this.#drop(slots, event, slot);
    this.#deps.board.forget(namespace, name);
    this.#wake();
  }

  async close(): Promise<void> {
    for (const slots of this.#sources.values())
      for (const [event, slot] of slots) this.#drop(slots, event, slot);
    await Promise.all(this.#ending);
  }

  #drop(slots: Map<string, EventSlot>, event: string, slot: EventSlot): void {
    slots.delete(event);
    const ending = slot.clear().finally(() => {
      this.#ending.delete(ending);
      this.#wake();
    });
    this.#ending.add(ending);
  }

  #makeSlot(namespace: string, source: string): EventSlot {
    return new EventSlot({
      now: () => this.#deps.clock.now(),
      freed: () => this.#wake(),
      show: ({ event, kind }, state) => this.#deps.board.event(namespace, source, { event, kind, state }),
      supervise: (planned, show, signal) =>
        supervise(
          {
            run: (ready, life) => this.#run({ namespace, source }, planned, ready, life),
            endedEarly: () => SourceError.ENDED({ source, event: planned.event }),
            show,
            nextChange: (life) => this.#nextChange(life),
            clock: this.#deps.clock,
            random: this.#deps.random,
            log: this.#deps.log.child({ namespace, source, event: planned.event }),
          },
          signal,
        ),
    });
  }

  #run(
    at: { readonly namespace: string; readonly source: string },
    planned: RunnableEvent,
    ready: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { events, trail, ingress, references, clock, random, failpoints } = this.#deps;
    const origin = { ...at, event: planned.event };
    const log = this.#deps.log.child(origin);
    const { kind, filter, spec } = planned;
    const emit = makeEmit({ origin, kind, filter, events, trail, clock, random, failpoints });
    const ports = { ingress, references, clock, random, failpoints };
    return planned.definition.run({ ...origin, ...ports, spec, emit, ready, log, signal });
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener("abort", done);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
