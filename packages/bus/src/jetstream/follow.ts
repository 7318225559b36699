// An ordered follower: an ephemeral consumer that is made anew from the last seen sequence whenever it breaks.
// Invariants
//   F1. Sequences rise strictly: no repeat. After a break reading goes on right behind the last one: no gap.
//   F2. `caught-up` comes once, after everything that was stored when the follower began. What of that is purged on the way
//       is not waited for: the server says only with a heartbeat that nothing more comes, so in a silence it is asked.
import { backoffMs, type Clock, type Logger, messageOf, type Random, retryOf, sleepFor } from "@sluice/base";
import type { LayerFollowOptions } from "../core/stream-layer.ts";
import { BusError } from "../errors.ts";
import type { Followed, StreamState } from "../ports/transport.ts";
import type { Api } from "./api.ts";
import type { Connection } from "./connection.ts";
import { deliveryInfo, messageFrom } from "./message.ts";
import { type Pulled, PullSession } from "./pull.ts";

const batch = 512;
const restart = { baseMs: 50, factor: 2, capMs: 2_000, jitter: 0.2 };
/** The server removes an ephemeral consumer of a dead process after this long. */
const inactiveMs = 60_000;
const nanosPerMs = 1_000_000;
/** Longer than the server takes to send what it has; doubled with each question, ms. */
const firstQuietMs = 20;

export interface FollowDeps {
  readonly connection: Connection;
  readonly api: Api;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly info: (stream: string) => Promise<StreamState>;
}

interface Position {
  /** Last sequence given to the reader. */
  seen: number;
  /** Last sequence that was stored when the follower began; undefined before it was asked for. */
  target: number | undefined;
  caughtUp: boolean;
  /** Last sequence that this session's consumer gave out: a hole in it is a lost message. */
  consumerSeq: number;
}

export async function* followStream(
  deps: FollowDeps,
  stream: string,
  options: LayerFollowOptions,
  signal: AbortSignal,
): AsyncIterable<Followed> {
  const position: Position = { seen: 0, target: undefined, caughtUp: false, consumerSeq: 0 };
  let progressAt = deps.clock.monotonic();
  for (let attempt = 1; !signal.aborted; attempt++) {
    let reason = "";
    try {
      for await (const seen of oneSession(deps, { stream, options, position }, signal)) {
        attempt = 0;
        progressAt = deps.clock.monotonic();
        yield seen;
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (retryOf(error) === "never") throw error;
      reason = messageOf(error);
    }
    if (deps.clock.monotonic() - progressAt > (options.giveUpMs ?? Number.POSITIVE_INFINITY))
      throw BusError.UNAVAILABLE({ what: `read '${stream}'`, reason });
    deps.log.debug("follower starts again", { stream, seq: position.seen, reason });
    await sleepFor(deps.clock, backoffMs(restart, attempt + 1, deps.random.next()), signal);
  }
}

interface Session {
  readonly stream: string;
  readonly options: LayerFollowOptions;
  readonly position: Position;
}

async function* oneSession(deps: FollowDeps, session: Session, signal: AbortSignal): AsyncIterable<Followed> {
  const { stream, position } = session;
  await locate(deps, session);
  const consumer = `f-${deps.random.id()}`;
  const pending = await createConsumer(deps, session, consumer);
  position.consumerSeq = 0;
  const pull = new PullSession(deps.connection, { stream, consumer }, deps.clock, signal);
  const over = new AbortController();
  try {
    if (pending === 0 && !position.caughtUp) {
      position.caughtUp = true;
      yield { type: "caught-up" };
    }
    const pulled = pull.pulled();
    pull.ask(batch);
    if (!position.caughtUp) void lookForEnd(deps, { stream, consumer, pull, position }, over.signal);
    for (;;) {
      const { value, done } = await pulled.next();
      if (done === true) return;
      if (value.type === "broken") throw new Error(value.reason);
      yield* seenIn(value, position);
      if (pull.asked < batch / 2) pull.ask(batch - pull.asked);
    }
  } finally {
    over.abort();
    pull.close(() => {});
    if (deps.connection.connected)
      void deps.api.request(`CONSUMER.DELETE.${stream}.${consumer}`, undefined, 1_000).catch(() => {});
  }
}

interface CatchingUp {
  readonly stream: string;
  readonly consumer: string;
  readonly pull: PullSession;
  readonly position: Position;
}

interface ConsumerState {
  readonly num_pending: number;
  readonly delivered: { readonly consumer_seq: number };
}

/** F2: asks in a silence whether anything is left, until the reader has caught up. */
async function lookForEnd(
  { api, clock }: FollowDeps,
  { stream, consumer, pull, position }: CatchingUp,
  over: AbortSignal,
): Promise<void> {
  for (let quietMs = firstQuietMs; !over.aborted && !position.caughtUp; ) {
    await sleepFor(clock, quietMs, over);
    if (over.aborted || position.caughtUp || pull.silentMs < quietMs) continue;
    quietMs *= 2;
    const state = await api
      .request<ConsumerState>(`CONSUMER.INFO.${stream}.${consumer}`)
      .catch(() => undefined);
    // What was sent and is not here yet is behind this answer.
    if (state?.num_pending === 0 && state.delivered.consumer_seq === pull.received) pull.tellIdle();
  }
}

/** Before the first session: where it begins and what "caught up" means. Later: whether the stream still has our place. */
async function locate(deps: FollowDeps, { stream, options, position }: Session): Promise<void> {
  const { lastSeq } = await deps.info(stream);
  if (position.target === undefined) {
    position.target = lastSeq;
    if (options.start === "new") position.seen = lastSeq;
    else if (typeof options.start === "object") position.seen = options.start.seq - 1;
    return;
  }
  if (lastSeq < position.seen && typeof options.start !== "object") {
    deps.log.error("stream went back: the server lost messages that were seen", {
      stream,
      seen: position.seen,
      lastSeq,
    });
    position.seen = lastSeq;
  }
}

async function createConsumer(deps: FollowDeps, session: Session, name: string): Promise<number> {
  const { stream, options, position } = session;
  const filters = options.filterSubjects ?? [];
  const lastPerSubject = options.start === "last-per-subject" && !position.caughtUp;
  const config = {
    name,
    ack_policy: "none",
    replay_policy: "instant",
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: inactiveMs * nanosPerMs,
    ...(filters.length === 0
      ? {}
      : filters.length === 1
        ? { filter_subject: filters[0] }
        : { filter_subjects: filters }),
    ...(lastPerSubject
      ? { deliver_policy: "last_per_subject" }
      : { deliver_policy: "by_start_sequence", opt_start_seq: position.seen + 1 }),
  };
  // A last-per-subject consumer needs a filter to be one per subject.
  if (lastPerSubject && filters.length === 0) Object.assign(config, { filter_subject: ">" });
  const body = { stream_name: stream, config };
  const created = await deps.api.request<{ num_pending: number }>(`CONSUMER.CREATE.${stream}.${name}`, body);
  return created.num_pending;
}

function* seenIn(pulled: Pulled, position: Position): Iterable<Followed> {
  if (pulled.type === "broken") return;
  if (pulled.type === "idle") {
    if (!position.caughtUp) {
      position.caughtUp = true;
      yield { type: "caught-up" };
    }
    return;
  }
  const info = deliveryInfo(pulled.msg.reply ?? "");
  if (info === undefined) return;
  if (info.consumerSeq !== position.consumerSeq + 1) throw new Error("a message was lost on the way");
  position.consumerSeq = info.consumerSeq;
  if (info.seq <= position.seen) return;
  if (!position.caughtUp && info.seq > (position.target ?? 0)) {
    position.caughtUp = true;
    yield { type: "caught-up" };
  }
  position.seen = info.seq;
  yield { type: "message", message: messageFrom(pulled.msg, info) };
  if (!position.caughtUp && (info.pending === 0 || info.seq >= (position.target ?? 0))) {
    position.caughtUp = true;
    yield { type: "caught-up" };
  }
}
