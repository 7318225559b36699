// Stored messages as typed values: what cannot be read goes to quarantine, and stops nobody (Q1).
import { messageOf } from "@sluice/base";
import type { Settleable } from "../../ports/events.ts";
import type { Message, StreamName, Transport } from "../../ports/transport.ts";
import type { StoreContext } from "../context.ts";
import { isUnreadable, quarantine } from "./quarantine.ts";

/** Each message once, in its order: one that comes again, as after a lost connection, is left out. */
export async function* once(messages: AsyncIterable<Message>): AsyncIterable<Message> {
  let seen = 0;
  for await (const message of messages) {
    if (message.seq <= seen) continue;
    seen = message.seq;
    yield message;
  }
}

/** The typed value of a stored message, or undefined after it went to quarantine. Other errors pass through. */
export async function decodeOrQuarantine<T>(
  context: StoreContext,
  stream: StreamName,
  message: Message,
  decode: (message: Message) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await decode(message);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    await quarantine(context, stream, message, error);
    return undefined;
  }
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
      value = await decodeOrQuarantine(context, stream, delivery, decode);
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
