// Requests to JetStream's API and publishes, with one policy for outages.
// Invariants
//   A1. Every call ends within its time, with an answer or BUS_UNAVAILABLE.
//   A2. A publish carries a message id (the caller's or one of its own), so asking again after a lost
//       acknowledgement stores it once and gives the sequence of the first.
import { type Clock, hasCode, isObject, messageOf, type Random, sleepFor } from "@sluice/base";
import { type Msg, type MsgHdrs, headers as makeHeaders } from "nats";
import { BusError } from "../errors.ts";
import type { PubAck, PublishOptions } from "../ports/transport.ts";
import type { Connection } from "./connection.ts";

const defaultTimeoutMs = 5_000;
/** One try of a request; a lost answer is asked for again after this long. */
const tryMs = 2_000;
const pauseMs = 100;

/** The server's refusal of an API request. */
export class ApiRefusal extends Error {
  readonly code: number;
  constructor(code: number, description: string) {
    super(description);
    this.code = code;
  }
}

/** Error codes of JetStream's API. Source: nats-server `server/errors.json`. */
export const apiCodes = {
  streamNotFound: 10_059,
  consumerNotFound: 10_014,
  messageNotFound: 10_037,
  wrongLastSequence: 10_071,
  wrongLastSequenceConstant: 10_164,
  streamNameInUse: 10_058,
} as const;

export class Api {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(connection: Connection, clock: Clock, random: Random) {
    this.#connection = connection;
    this.#clock = clock;
    this.#random = random;
  }

  /** Errors: ApiRefusal, BUS_UNAVAILABLE. */
  async request<T>(endpoint: string, body: unknown = undefined, timeoutMs = defaultTimeoutMs): Promise<T> {
    const payload = body === undefined ? "" : JSON.stringify(body);
    const reply = await this.ask(`$JS.API.${endpoint}`, payload, { timeoutMs, what: endpoint });
    const value = JSON.parse(reply.string()) as {
      error?: { err_code?: number; description?: string; code?: number };
    };
    if (value.error !== undefined)
      throw new ApiRefusal(
        value.error.err_code ?? value.error.code ?? 0,
        value.error.description ?? "refused",
      );
    return value as T;
  }

  async publish(subject: string, data: Uint8Array | string, options: PublishOptions = {}): Promise<PubAck> {
    const bytes = typeof data === "string" ? Buffer.from(data, "utf8") : data;
    const maxBytes = this.#connection.nats.info?.max_payload ?? 2 ** 20;
    const head = this.#headers(options);
    const size = bytes.length + headerBytes(head);
    if (size > maxBytes) throw BusError.MESSAGE_TOO_LARGE({ subject, bytes: size, maxBytes });
    const reply = await this.ask(subject, bytes, {
      headers: head,
      timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
      what: `publish to '${subject}'`,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return pubAckOf(subject, reply, options.expectLastSubjectSeq ?? 0);
  }

  /** A request that is asked again, within its time, when the connection broke or nobody was there to answer. */
  async ask(subject: string, payload: Uint8Array | string, options: AskOptions): Promise<Msg> {
    const endAt = this.#clock.monotonic() + options.timeoutMs;
    let reason = "not connected";
    for (;;) {
      options.signal?.throwIfAborted();
      const left = endAt - this.#clock.monotonic();
      if (left <= 0 || !(await this.#connection.whenConnected(left, options.signal))) {
        options.signal?.throwIfAborted();
        throw BusError.UNAVAILABLE({ what: options.what, reason });
      }
      try {
        return await this.#askOnce(subject, payload, options, Math.min(tryMs, left));
      } catch (error) {
        reason = messageOf(error);
        if (hasCode(error, "PERMISSIONS_VIOLATION"))
          throw BusError.DENIED({ servers: "the bus", reason }, error);
        if (hasCode(error, "503"))
          reason = "nobody answers on this subject (JetStream off, or no such stream)";
        await sleepFor(
          this.#clock,
          Math.min(pauseMs, Math.max(1, endAt - this.#clock.monotonic())),
          options.signal,
        );
      }
    }
  }

  /** A loss of the connection ends the try at once instead of at its timeout. */
  async #askOnce(
    subject: string,
    payload: Uint8Array | string,
    options: AskOptions,
    timeout: number,
  ): Promise<Msg> {
    let unlisten = () => {};
    const lost = new Promise<never>((_, reject) => {
      unlisten = this.#connection.status.onChange((connected) => {
        if (!connected) reject(new Error("connection lost while waiting for the answer"));
      });
    });
    lost.catch(() => {});
    try {
      const request = this.#connection.nats.request(subject, payload, {
        timeout: Math.max(1, timeout),
        ...(options.headers === undefined ? {} : { headers: options.headers }),
      });
      request.catch(() => {}); // when the loss won, its late failure is nobody's
      return await Promise.race([request, lost]);
    } finally {
      unlisten();
    }
  }

  #headers(options: PublishOptions): MsgHdrs {
    const head = makeHeaders();
    for (const [name, value] of Object.entries(options.headers ?? {})) head.set(name, value);
    head.set("Nats-Msg-Id", options.msgId ?? this.#random.id());
    if (options.expectLastSubjectSeq !== undefined)
      head.set("Nats-Expected-Last-Subject-Sequence", String(options.expectLastSubjectSeq));
    return head;
  }
}

export interface AskOptions {
  readonly timeoutMs: number;
  /** Named in the error: what was asked for. */
  readonly what: string;
  readonly headers?: MsgHdrs;
  readonly signal?: AbortSignal;
}

function pubAckOf(subject: string, reply: Msg, expectedSeq: number): PubAck {
  const value: unknown = JSON.parse(reply.string());
  if (!isObject(value)) throw BusError.UNAVAILABLE({ what: `publish to '${subject}'`, reason: "odd answer" });
  const { error } = value;
  if (!isObject(error)) return { seq: Number(value["seq"]), duplicate: value["duplicate"] === true };
  const code = Number(error["err_code"] ?? 0);
  const reason = String(error["description"] ?? "refused");
  if (code === apiCodes.wrongLastSequence || code === apiCodes.wrongLastSequenceConstant)
    throw BusError.WRONG_SEQUENCE({ subject, expectedSeq });
  if (/maximum .*(bytes|messages|per subject)|insufficient (storage )?resources|no space/i.test(reason))
    throw BusError.STREAM_FULL({ subject, reason });
  if (/message size exceeds/i.test(reason))
    throw BusError.MESSAGE_TOO_LARGE({ subject, bytes: 0, maxBytes: 0 });
  throw BusError.UNAVAILABLE({ what: `publish to '${subject}'`, reason });
}

function headerBytes(head: MsgHdrs): number {
  let bytes = 16;
  for (const [name, values] of head) for (const value of values) bytes += name.length + value.length + 4;
  return bytes;
}
