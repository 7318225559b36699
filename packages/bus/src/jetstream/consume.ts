// Deliveries of a durable consumer.
// Invariants
//   D1. At most `maxInFlight` deliveries of this iteration are unsettled and within their ack wait.
//   D2. A settled delivery's place is free once the bus has taken the verdict.
//   D3. What was received and not handed out when the iteration ends is given back at once.
//   D4. With `maxInFlight` 1 the server holds the next message back until this one is done, also during a retry's wait:
//       order is strict. With more, a waiting retry never stands in the way of others.
import { backoffMs, type Clock, type Logger, messageOf, type Random, retryOf, sleepFor } from "@sluice/base";
import type { Msg } from "nats";
import { BusError } from "../errors.ts";
import type { ConsumeOptions, Delivery, Verdict } from "../ports/transport.ts";
import { token } from "../subjects.ts";
import { type Api, ApiRefusal, apiCodes } from "./api.ts";
import type { Connection } from "./connection.ts";
import { deliveryInfo, messageFrom } from "./message.ts";
import { PullSession } from "./pull.ts";

const nanosPerMs = 1_000_000;
const restart = { baseMs: 50, factor: 2, capMs: 2_000, jitter: 0.2 };
const manyInFlight = 10_000;
/** A verdict is offered to the server this long, ms, across an outage. */
const settleMs = 5_000;

export interface ConsumeDeps {
  readonly connection: Connection;
  readonly api: Api;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export async function* consumeStream(
  deps: ConsumeDeps,
  stream: string,
  options: ConsumeOptions,
  signal: AbortSignal,
): AsyncIterable<Delivery> {
  if (options.filterSubjects.length === 0) {
    // To the server no filter means everything; to a reader who names no subject it means nothing.
    await sleepFor(deps.clock, Number.MAX_SAFE_INTEGER, signal);
    return;
  }
  const flight = new Flight(deps.clock, options);
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await ensureConsumer(deps.api, stream, options);
      for await (const delivery of oneSession(deps, { stream, options, flight }, signal)) {
        attempt = 0;
        yield delivery;
        if (signal.aborted) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (retryOf(error) === "never") throw error;
      const fields = { stream, durable: options.durable, reason: messageOf(error) };
      deps.log.debug("consumer starts again", fields);
    }
    await sleepFor(deps.clock, backoffMs(restart, attempt + 1, deps.random.next()), signal);
  }
}

interface Session {
  readonly stream: string;
  readonly options: ConsumeOptions;
  readonly flight: Flight;
}

async function* oneSession(
  deps: ConsumeDeps,
  session: Session,
  signal: AbortSignal,
): AsyncIterable<Delivery> {
  const { stream, options, flight } = session;
  const ended = new AbortController();
  const at = { stream, consumer: token(options.durable) };
  const pull = new PullSession(deps.connection, at, deps.clock, AbortSignal.any([signal, ended.signal]));
  const refill = () => {
    const free = options.maxInFlight - flight.size - pull.asked - pull.unread;
    // In steady work half of the room is asked for at once instead of a request for each message.
    if (free > 0 && (pull.asked === 0 || free >= options.maxInFlight / 2)) pull.ask(free);
  };
  flight.onRoom = refill;
  try {
    refill();
    for await (const pulled of { [Symbol.asyncIterator]: () => pull.pulled() }) {
      if (pulled.type === "broken") throw new Error(pulled.reason);
      if (pulled.type === "message") {
        const delivery = deliveryOf(deps, pulled.msg, options, flight);
        if (delivery !== undefined) yield delivery;
      }
      flight.sweep();
      refill();
    }
  } finally {
    flight.onRoom = () => {};
    pull.close((msg) => {
      if (deps.connection.connected) msg.respond("-NAK");
    });
    ended.abort();
  }
}

/** Deliveries handed out and not settled; one whose ack wait is over counts no more, since the server gives it again. */
class Flight {
  onRoom: () => void = () => {};
  readonly #until = new Map<object, number>();
  readonly #clock: Clock;
  readonly #ackWaitMs: number;

  constructor(clock: Clock, options: ConsumeOptions) {
    this.#clock = clock;
    this.#ackWaitMs = options.ackWaitMs;
  }
  get size(): number {
    return this.#until.size;
  }
  hold(key: object): void {
    this.#until.set(key, this.#clock.monotonic() + this.#ackWaitMs);
  }
  extend(key: object): void {
    if (this.#until.has(key)) this.hold(key);
  }
  release(key: object): void {
    if (this.#until.delete(key)) this.onRoom();
  }
  sweep(): void {
    const now = this.#clock.monotonic();
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
  }
}

function deliveryOf(
  deps: ConsumeDeps,
  msg: Msg,
  options: ConsumeOptions,
  flight: Flight,
): Delivery | undefined {
  const reply = msg.reply ?? "";
  const info = deliveryInfo(reply);
  if (info === undefined) return undefined;
  const key = {};
  let settled = false;
  const { epoch } = deps.connection;
  flight.hold(key);
  return {
    ...messageFrom(msg, info),
    attempt: info.attempt,
    async settle(verdict) {
      if (settled) return;
      settled = true;
      try {
        const what = `settle ${options.durable} #${info.seq}`;
        await deps.api.ask(reply, verdictText(verdict), { timeoutMs: settleMs, what });
      } catch (error) {
        if (deps.connection.epoch === epoch || retryOf(error) !== "later") throw error;
        // A server that was killed forgets its last deliveries and answers no verdict on them: it delivers them again.
        deps.log.warn("verdict not taken after an outage; the delivery comes again", { seq: info.seq });
      } finally {
        flight.release(key);
      }
    },
    working() {
      if (settled || !deps.connection.connected) return;
      flight.extend(key);
      deps.connection.nats.publish(reply, "+WPI");
    },
  };
}

function verdictText(verdict: Verdict): string {
  if (verdict.kind === "ack") return "+ACK";
  if (verdict.kind === "drop") return "+TERM";
  return verdict.delayMs <= 0
    ? "-NAK"
    : `-NAK ${JSON.stringify({ delay: Math.round(verdict.delayMs) * nanosPerMs })}`;
}

/** Creates the durable, or brings its settings up to date; its position stays. */
async function ensureConsumer(api: Api, stream: string, options: ConsumeOptions): Promise<void> {
  const name = token(options.durable);
  const known = await consumerConfig(api, stream, name);
  const { filter_subject: _one, filter_subjects: _many, ...kept } = known ?? firstConfig(name, options);
  const config = {
    ...kept,
    ack_wait: options.ackWaitMs * nanosPerMs,
    max_ack_pending: options.maxInFlight === 1 ? 1 : manyInFlight,
    filter_subjects: options.filterSubjects,
  };
  try {
    await api.request(`CONSUMER.CREATE.${stream}.${name}`, {
      stream_name: stream,
      config,
      action: known === undefined ? "create" : "update",
    });
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.code === apiCodes.streamNotFound) throw error;
    throw BusError.CONSUMER_SETTINGS({ stream, durable: options.durable, reason: error.message }, error);
  }
}

async function consumerConfig(
  api: Api,
  stream: string,
  name: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    return (await api.request<{ config: Record<string, unknown> }>(`CONSUMER.INFO.${stream}.${name}`)).config;
  } catch (error) {
    if (error instanceof ApiRefusal && error.code === apiCodes.consumerNotFound) return undefined;
    throw error;
  }
}

function firstConfig(name: string, { start = "all" }: ConsumeOptions): Readonly<Record<string, unknown>> {
  const where =
    typeof start === "object"
      ? { deliver_policy: "by_start_time", opt_start_time: new Date(start.atMs).toISOString() }
      : { deliver_policy: start };
  return {
    durable_name: name,
    name,
    ack_policy: "explicit",
    replay_policy: "instant",
    max_deliver: -1,
    ...where,
  };
}
