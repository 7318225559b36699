// Collects content that nothing refers to any more: two rounds a hash, at a low rate, safe beside writers and other
// collectors, and after a crash at any point.
// Invariants
//   C1. Content goes only when it was doomed for at least `graceMs` and no hold of it lives then (see H2).
//   C2. A hold lives while its reference is stored, or while it is younger than `graceMs` and not yet settled.
//   C3. The holds go last: a crash in between leaves a doomed hash, which the next round finishes.
import { type Clock, type Logger, messageOf, sleepFor } from "@sluice/base";
import type { Message, Transport } from "../../ports/transport.ts";
import { doomed, type Hold, holdSubject, parseHold, refersTo } from "./holds.ts";

export interface CollectorDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Far longer than any publish may take, ms. */
const graceMs = 10 * 60_000;
const everyMs = 5 * 60_000;
/** Hashes looked at in one round; the next round goes on behind them. */
const maxPerRound = 500;
const pauseMs = 20;

export interface Collected {
  readonly looked: number;
  readonly doomed: number;
  readonly removed: number;
  /** Where the next round begins. */
  readonly after: string;
}

/** Runs rounds until `signal` aborts. What fails is logged and tried again in the next round. */
export async function runCollector(deps: CollectorDeps, signal: AbortSignal): Promise<void> {
  let after = "";
  while (!signal.aborted) {
    await sleepFor(deps.clock, everyMs, signal);
    if (signal.aborted) return;
    try {
      const round = await collectRound(deps, after, signal);
      after = round.after;
      if (round.removed > 0) deps.log.info("unreferenced content removed", { ...round });
    } catch (error) {
      if (!signal.aborted) deps.log.warn("collection will be tried again", { reason: messageOf(error) });
    }
  }
}

/** One round over the hashes behind `after`. */
export async function collectRound(
  deps: CollectorDeps,
  after: string,
  signal?: AbortSignal,
): Promise<Collected> {
  const { transport, clock } = deps;
  const subjects = await transport.subjects("HOLDS", `${transport.prefix}.hold.>`);
  const depth = transport.prefix.split(".").length + 1;
  const hashes = [...new Set([...subjects.keys()].map((subject) => subject.split(".")[depth] ?? ""))].sort();
  const chosen = hashes.filter((hash) => hash > after).slice(0, maxPerRound);
  const count = { doomed: 0, removed: 0 };
  for (const hash of chosen) {
    if (signal?.aborted === true) break;
    const outcome = await consider(deps, hash);
    if (outcome !== "kept") count[outcome] += 1;
    if (signal !== undefined) await sleepFor(clock, pauseMs, signal);
  }
  const more = chosen.length === maxPerRound;
  return { looked: chosen.length, ...count, after: more ? (chosen.at(-1) ?? "") : "" };
}

async function consider(
  { transport, clock }: CollectorDeps,
  hash: string,
): Promise<"kept" | "doomed" | "removed"> {
  const doomSubject = holdSubject(transport.prefix, hash, doomed);
  const holds: Message[] = [];
  let doom: Message | undefined;
  for await (const message of transport.read("HOLDS", holdSubject(transport.prefix, hash, "*"))) {
    if (message.subject === doomSubject) doom = message;
    else holds.push(message);
  }
  if (await anyLives(transport, clock.now(), hash, holds)) {
    if (doom !== undefined) await transport.purge("HOLDS", doomSubject);
    return "kept";
  }
  if (doom === undefined) {
    await transport.publish(doomSubject, "{}");
    return "doomed";
  }
  if (clock.now() - doom.storedAt < graceMs) return "kept";
  await transport.objects().delete(hash);
  await transport.purge("HOLDS", holdSubject(transport.prefix, hash, ">"));
  return "removed";
}

async function anyLives(
  transport: Transport,
  now: number,
  hash: string,
  holds: readonly Message[],
): Promise<boolean> {
  for (const message of holds) {
    const hold = parseHold(message);
    // Written by a newer version: what cannot be judged is kept.
    if (hold === undefined) return true;
    if (hold.seq === undefined && now - message.storedAt < graceMs) return true;
    if (await isReferred(transport, hold, hash)) return true;
  }
  return false;
}

async function isReferred(
  transport: Transport,
  { place, seq, fromSeq }: Hold,
  hash: string,
): Promise<boolean> {
  if ("bucket" in place) {
    const entry = await transport.keyValue(place.bucket).get(place.key);
    return entry !== undefined && refersTo({ data: entry.value }, hash);
  }
  if (seq !== undefined) {
    const message = await transport.get(place.stream, seq);
    return message !== undefined && message.subject === place.subject && refersTo(message, hash);
  }
  // Whoever held it died, or lost the answer, between the publish and the note of it.
  for await (const message of transport.read(place.stream, place.subject, fromSeq))
    if (refersTo(message, hash)) return true;
  return false;
}
