// TRIGGERS, DEAD and TRAIL: firings, what gave up, and what happened to an event.
import { hashId, stableJson } from "@sluice/base";
import type { CauseRef, DeadLetter, TrailRecord, TriggerRequest } from "@sluice/spec";
import type { DeadLetters } from "../ports/dead.ts";
import type { Stored } from "../ports/events.ts";
import type { Message } from "../ports/transport.ts";
import type { Trail, TriggerQueue } from "../ports/triggers.ts";
import { asVersioned } from "./content/body.ts";
import type { StoreContext } from "./context.ts";
import { consumeTyped, decodeOrQuarantine, followTyped } from "./reading/typed.ts";
import { newest } from "./window.ts";

export function makeTriggerQueue(context: StoreContext): TriggerQueue {
  const { transport, subjects, body } = context;
  return {
    async publish(request, signal) {
      const subject = subjects.trigger(request.namespace, request.sensor, request.trigger);
      return body.send({ stream: "TRIGGERS", subject }, request, ({ data, headers }) =>
        transport.publish(subject, data, {
          msgId: hashId("trigger", request.id, String(request.redrive ?? "")),
          headers,
          ...(signal === undefined ? {} : { signal }),
        }),
      );
    },
    consume(options, signal) {
      const decode = async (message: Message): Promise<TriggerRequest> =>
        asVersioned("trigger request", message.seq, await body.unpack("trigger request", message));
      const consumeOptions = { ...options, durable: "triggers", filterSubjects: [subjects.trigger()] };
      return consumeTyped(context, { stream: "TRIGGERS", options: consumeOptions, decode }, signal);
    },
  };
}

/** Dead letters of a namespace that `get` looks through, newest first. */
const searchedLetters = 10_000;

export function makeDeadLetters(context: StoreContext): DeadLetters {
  const { transport, subjects, body } = context;
  const decode = async (message: Message): Promise<DeadLetter> =>
    asVersioned("dead letter", message.seq, await body.unpack("dead letter", message));
  const list = async (namespace: string, limit: number): Promise<readonly Stored<DeadLetter>[]> => {
    const subject = subjects.dead(namespace);
    const letters: Stored<DeadLetter>[] = [];
    for (const message of await newest(transport, { stream: "DEAD", subject, limit })) {
      const value = await decodeOrQuarantine(context, { stream: "DEAD", decode }, message);
      if (value !== undefined) letters.push({ seq: message.seq, storedAt: message.storedAt, value });
    }
    return letters;
  };
  return {
    async put(letter) {
      const { namespace, sensor, trigger } = letter.request;
      const subject = subjects.dead(namespace, sensor, trigger);
      // A letter put again after a redrive that failed again is another letter: its time is part of the identity.
      const msgId = hashId("dead", letter.id, String(letter.at));
      await body.send({ stream: "DEAD", subject }, letter, ({ data, headers }) =>
        transport.publish(subject, data, { msgId, headers }),
      );
    },
    list,
    async get(namespace, id) {
      return (await list(namespace, searchedLetters)).find((letter) => letter.value.id === id);
    },
    remove: (seq) => transport.deleteMessage("DEAD", seq),
  };
}

export function makeTrail(context: StoreContext): Trail {
  const { transport, subjects, body } = context;
  const decode = async (message: Message): Promise<TrailRecord> =>
    asVersioned("trail record", message.seq, await body.unpack("trail record", message));
  const reading = { stream: "TRAIL" as const, decode };
  return {
    async record(record) {
      const subject = subjects.trail(record.cause.namespace, record.cause.id);
      await body.send({ stream: "TRAIL", subject }, record, ({ data, headers }) =>
        transport.publish(subject, data, {
          // The same finding of a redelivered event is one record, whenever it was made; what sets two findings apart
          // (request, attempt, redrive) is part of the record.
          msgId: hashId("trail", stableJson({ ...record, at: 0 })),
          headers,
        }),
      );
    },
    async of(cause) {
      const records: TrailRecord[] = [];
      for await (const message of transport.read("TRAIL", subjects.trail(cause.namespace, cause.id))) {
        const record = await decodeOrQuarantine(context, reading, message);
        if (record !== undefined && sameEvent(record.cause, cause)) records.push(record);
      }
      return records;
    },
    async *follow(namespace, signal) {
      const options = { filterSubjects: [subjects.trail(namespace)], start: "new" as const };
      for await (const seen of followTyped(context, { ...reading, options }, signal))
        if (seen !== "caught-up") yield seen.value;
    },
  };
}

const sameEvent = (a: CauseRef, b: CauseRef): boolean =>
  a.namespace === b.namespace && a.source === b.source && a.event === b.event && a.id === b.id;
