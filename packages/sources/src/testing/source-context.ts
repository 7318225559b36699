import {
  type Clock,
  type Failpoints,
  hashId,
  noFailpoints,
  type Random,
  SeededRandom,
  silentLogger,
} from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import type { References } from "@sluice/kube";
import type { Emit, EmitRequest, SourceContext } from "../define.ts";
import type { Ingress } from "../ingress.ts";
import { MemoryIngress } from "./memory-ingress.ts";

export interface SourceContextParts<S> {
  readonly spec: S;
  readonly signal: AbortSignal;
  readonly emit?: Emit;
  readonly ingress?: Ingress;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly failpoints?: Failpoints;
  readonly ready?: () => void;
}

export interface Emissions {
  readonly emit: Emit;
  readonly emitted: readonly EmitRequest[];
}

/** An emit that keeps what it was given; an id that was seen before is a duplicate. */
export function keepEmissions(): Emissions {
  const emitted: EmitRequest[] = [];
  const emit: Emit = async (request) => {
    const id = request.id ?? hashId("random", String(emitted.length));
    const outcome = emitted.some((e) => e.id === id) ? "duplicate" : "stored";
    emitted.push(request);
    return { id, outcome };
  };
  return { emit, emitted };
}

/** Secrets are named `name/key`, in every namespace. */
export const memoryReferences = (secrets: Readonly<Record<string, string>> = {}): References => ({
  async secret(_namespace, name, key) {
    const value = secrets[`${name}/${key}`];
    return value === undefined ? undefined : new TextEncoder().encode(value);
  },
  configMap: async () => undefined,
});

/** What a kind's `run` gets, with fakes for what is not given. */
export function aSourceContext<S>(parts: SourceContextParts<S>): SourceContext<S> {
  return {
    namespace: "default",
    source: "webhook",
    event: "example",
    spec: parts.spec,
    emit: parts.emit ?? keepEmissions().emit,
    ready: parts.ready ?? (() => {}),
    ingress: parts.ingress ?? new MemoryIngress(),
    references: memoryReferences(parts.secrets),
    clock: parts.clock ?? new VirtualClock(),
    random: parts.random ?? new SeededRandom(1),
    log: silentLogger,
    failpoints: parts.failpoints ?? noFailpoints,
    signal: parts.signal,
  };
}
