// Stored messages as typed values: what cannot be read goes to quarantine, and stops nobody (Q1).
import { messageOf } from "@sluice/base";
import type { Settleable } from "../../ports/events.ts";
import type { Followed, Message, StreamName, Transport } from "../../ports/transport.ts";
import type { StoreContext } from "../context.ts";
import { readItem, watchEach } from "./item.ts";
import { type Afterwards, quarantine } from "./quarantine.ts";

/** Each message once, in its order: one that comes again, as after a lost connection, is left out. */
export async function* once(messages: AsyncIterable<Message>): AsyncIterable<Message> {
  let seen = 0;
  for await (const message of messages) {
    if (message.seq <= seen) continue;
    seen = message.seq;
    yield message;
  }
}

/** How messages of one stream become values. */
export interface Reading<T> {
  readonly stream: StreamName;
  readonly decode: (message: Message) => Promise<T>;
  /** What becomes of a message that went to quarantine; default `kept`. */
  readonly afterwards?: Afterwards;
}

/** The typed value of a stored message; undefined when it is gone, or went to quarantine. Other errors pass through. */
export function decodeOrQuarantine<T>(
  context: StoreContext,
  { stream, decode, afterwards = "kept" }: Reading<T>,
  message: Message,
): Promise<T | undefined> {
  const { seq, subject } = message;
  return readItem(context, {
    ...{ place: stream, seq },
    read: () => decode(message),
    stands: async () => (await context.transport.get(stream, seq))?.subject === subject,
    setAside: (error) => quarantine(context, { stream, message, afterwards }, error),
  });
}

/** What a follower of the stream sees, as values; a message that comes again is left out. */
export function followTyped<T>(
  context: StoreContext,
  { options, ...reading }: Reading<T> & { readonly options: Parameters<Transport["follow"]>[1] },
  signal: AbortSignal,
): AsyncIterable<{ readonly message: Message; readonly value: T } | "caught-up"> {
  let last = 0;
  const read = async (seen: Followed) => {
    if (seen.type === "caught-up") return "caught-up" as const;
    const { message } = seen;
    if (message.seq <= last) return undefined;
    const value = await decodeOrQuarantine(context, reading, message);
    last = message.seq;
    return value === undefined ? undefined : { message, value };
  };
  return watchEach(context, context.transport.follow(reading.stream, options, signal), read, signal);
}

export interface ConsumeTyped<T> {
  readonly stream: "EVENTS" | "TRIGGERS";
  readonly options: Parameters<Transport["consume"]>[1];
  readonly decode: (message: Message) => Promise<T>;
}

/** Deliveries with decoded values; the unreadable ones are put aside and settled here. */
export async function* consumeTyped<T>(
  context: StoreContext,
  { stream, options, decode }: ConsumeTyped<T>,
  signal: AbortSignal,
): AsyncIterable<Settleable<T>> {
  for await (const delivery of context.transport.consume(stream, options, signal)) {
    let value: T | undefined;
    try {
      value = await decodeOrQuarantine(context, { stream, decode, afterwards: "dropped" }, delivery);
    } catch (error) {
      // The bus could not give the body now; the delivery comes again.
      context.log.warn("delivery could not be read yet", {
        stream,
        seq: delivery.seq,
        reason: messageOf(error),
      });
      await settleQuietly(context, () => delivery.settle({ kind: "retry", delayMs: 1_000 }));
      continue;
    }
    if (value === undefined) {
      await settleQuietly(context, () => delivery.settle({ kind: "drop" }));
      continue;
    }
    yield {
      seq: delivery.seq,
      storedAt: delivery.storedAt,
      attempt: delivery.attempt,
      value,
      settle: (verdict) => delivery.settle(verdict),
      working: () => delivery.working(),
    };
  }
}

async function settleQuietly(context: StoreContext, settle: () => Promise<void>): Promise<void> {
  try {
    await settle();
  } catch (error) {
    context.log.warn("settling failed; the delivery comes again", { reason: messageOf(error) });
  }
}
