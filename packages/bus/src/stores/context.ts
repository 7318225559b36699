import type { Clock, Logger } from "@sluice/base";
import { messageOf } from "@sluice/base";
import type { Settleable } from "../ports/stores.ts";
import type { Message, StreamName, Transport } from "../ports/transport.ts";
import { makeSubjects, type Subjects } from "../subjects.ts";
import { type BodyCodec, lazyBodyCodec } from "./body.ts";

export interface StoreDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

/** What every store works with. */
export interface StoreContext extends StoreDeps {
  readonly transport: Transport;
  readonly subjects: Subjects;
  readonly body: BodyCodec;
}

export const makeContext = (transport: Transport, deps: StoreDeps): StoreContext => ({
  ...deps,
  transport,
  subjects: makeSubjects(transport.prefix),
  body: lazyBodyCodec(transport),
});

/** Bytes of an unreadable message that quarantine keeps. */
const keptBytes = 64 * 1_024;

/** Puts an unreadable message aside with the reason, once, so that it wedges nobody and nothing is lost silently (P6). */
export async function quarantine(
  context: StoreContext,
  stream: StreamName,
  message: Message,
  error: unknown,
): Promise<void> {
  const reason = messageOf(error);
  context.log.error("unreadable message put in quarantine", { stream, seq: message.seq, reason });
  const record = {
    v: 1,
    at: context.clock.now(),
    stream,
    subject: message.subject,
    seq: message.seq,
    reason,
    data: Buffer.from(message.data.subarray(0, keptBytes)).toString("base64"),
  };
  await context.transport.publish(context.subjects.quarantine(stream), JSON.stringify(record), {
    msgId: `quarantine:${stream}:${message.seq}:${message.storedAt}`,
  });
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
    const code = (error as { code?: unknown }).code;
    if (code !== "BUS_DECODE" && code !== "BUS_OBJECT_CORRUPT") throw error;
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
