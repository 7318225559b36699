// EVENTS: storing, consuming and finding events.
import { hashId } from "@sluice/base";
import type { StoredEvent } from "@sluice/spec";
import type { EventLog, Stored } from "../ports/events.ts";
import type { Message } from "../ports/transport.ts";
import { withoutCovered } from "../subjects.ts";
import { asVersioned } from "./content/body.ts";
import type { StoreContext } from "./context.ts";
import { EventIndex, eventIdHeader } from "./event-index.ts";
import { consumeTyped, decodeOrQuarantine, followTyped } from "./reading/typed.ts";
import { newest } from "./window.ts";

export function makeEventLog(context: StoreContext): EventLog {
  const { transport, subjects, body } = context;
  const index = new EventIndex(transport);
  const decode = async (message: Message): Promise<StoredEvent> =>
    asVersioned("event", message.seq, await body.unpack("event", message));
  const reading = { stream: "EVENTS" as const, decode };
  const stored = async (message: Message): Promise<Stored<StoredEvent> | undefined> => {
    const value = await decodeOrQuarantine(context, reading, message);
    return value === undefined ? undefined : storedAs(message, value);
  };

  return {
    async publish(event, signal) {
      const { namespace, source, event: name } = event.origin;
      const subject = subjects.event(namespace, source, name);
      return body.send({ stream: "EVENTS", subject }, event, ({ data, headers }) =>
        transport.publish(subject, data, {
          msgId: hashId("event", namespace, source, name, event.event.source, event.event.id),
          headers: { ...headers, [eventIdHeader]: encodeURIComponent(event.event.id.toWellFormed()) },
          ...(signal === undefined ? {} : { signal }),
        }),
      );
    },
    consume(durable, origins, options, signal) {
      const filters = origins.map((o) => subjects.event(o.namespace, o.source, o.event));
      const typed = {
        stream: "EVENTS" as const,
        options: { ...options, durable, filterSubjects: withoutCovered(filters) },
        decode,
      };
      return consumeTyped(context, typed, signal);
    },
    deleteConsumer: (durable) => transport.deleteConsumer("EVENTS", durable),
    async list({ namespace, source, event, limit, beforeSeq }) {
      const before = beforeSeq === undefined ? {} : { beforeSeq };
      const subject = subjects.event(namespace, source, event);
      const messages = await newest(transport, { stream: "EVENTS", subject, limit, ...before });
      return (await Promise.all(messages.map(stored))).filter((one) => one !== undefined);
    },
    async find(namespace, id) {
      for (const seq of await index.find(namespace, id)) {
        const message = await transport.get("EVENTS", seq);
        const value = message === undefined ? undefined : await stored(message);
        if (value !== undefined) return value;
      }
      return undefined;
    },
    async *follow(namespace, signal) {
      const options = { filterSubjects: [subjects.event(namespace)], start: "new" as const };
      for await (const seen of followTyped(context, { ...reading, options }, signal))
        if (seen !== "caught-up") yield storedAs(seen.message, seen.value);
    },
  };
}

const storedAs = ({ seq, storedAt }: Message, value: StoredEvent): Stored<StoredEvent> => ({
  seq,
  storedAt,
  value,
});
