// A KV bucket over its stream, in NATS' own layout (`$KV.<bucket>.<key>`, header `KV-Operation: DEL`).
// Invariants
//   K1. A revision is the sequence of the key's last message; a conditional write is an append that expects it.
//   K2. A deleted key is a marker: watchers that were away see the deletion when they resume.
import { hasCode } from "@sluice/base";
import { readGiveUpMs, type StreamLayer } from "../core/stream-layer.ts";
import { BusError } from "../errors.ts";
import type { Followed, KeyValue, KvChange, KvEntry, Message } from "../ports/transport.ts";

const operation = "KV-Operation";

export function makeKeyValue(layer: StreamLayer, stream: string, bucket: string): KeyValue {
  const prefix = `$KV.${bucket}.`;
  const subjectOf = (key: string) => `${prefix}${key}`;
  const keyOf = (message: Message) => message.subject.slice(prefix.length);
  const write = async (key: string, value: Uint8Array | string, expectLastSubjectSeq?: number) =>
    (
      await layer.publish(
        subjectOf(key),
        value,
        expectLastSubjectSeq === undefined ? {} : { expectLastSubjectSeq },
      )
    ).seq;

  return {
    async get(key) {
      const message = await layer.last(stream, subjectOf(key));
      return message === undefined || isMarker(message) ? undefined : entryOf(keyOf(message), message);
    },
    put: (key, value) => write(key, value),
    async create(key, value) {
      try {
        return await write(key, value, 0);
      } catch (error) {
        if (!hasCode(error, "BUS_WRONG_SEQUENCE")) throw error;
        // The subject is not empty; when what it holds is the marker of a deletion, the key is free all the same.
        const message = await layer.last(stream, subjectOf(key));
        if (message === undefined || !isMarker(message)) throw error;
        return write(key, value, message.seq);
      }
    },
    update: (key, value, revision) => write(key, value, revision),
    async delete(key, revision) {
      const message = await layer.last(stream, subjectOf(key));
      if (revision !== undefined && message?.seq !== revision)
        throw BusError.WRONG_SEQUENCE({ subject: subjectOf(key), expectedSeq: revision });
      if (message === undefined || isMarker(message)) return;
      const headers = { [operation]: "DEL" };
      await layer.publish(
        subjectOf(key),
        "",
        revision === undefined ? { headers } : { headers, expectLastSubjectSeq: revision },
      );
    },
    lastRevision: async () => (await layer.info(stream)).lastSeq,
    async *entries(filter) {
      const stop = new AbortController();
      try {
        for await (const seen of followKeys(filter, stop.signal, { giveUpMs: readGiveUpMs })) {
          if (seen.type === "caught-up") return;
          if (!isMarker(seen.message)) yield entryOf(keyOf(seen.message), seen.message);
        }
      } finally {
        stop.abort();
      }
    },
    async *watch(filter, signal): AsyncIterable<KvChange> {
      for await (const seen of followKeys(filter, signal)) {
        if (seen.type === "caught-up") yield seen;
        else if (isMarker(seen.message))
          yield { type: "delete", key: keyOf(seen.message), revision: seen.message.seq };
        else yield { type: "put", entry: entryOf(keyOf(seen.message), seen.message) };
      }
    },
  };

  function followKeys(
    filter: string,
    signal: AbortSignal,
    bound: { giveUpMs?: number } = {},
  ): AsyncIterable<Followed> {
    return layer.follow(
      stream,
      { filterSubjects: [subjectOf(filter)], start: "last-per-subject", ...bound },
      signal,
    );
  }
}

const isMarker = (message: Message): boolean =>
  message.headers[operation] === "DEL" || message.headers[operation] === "PURGE";

const entryOf = (key: string, message: Message): KvEntry => ({
  key,
  value: message.data,
  revision: message.seq,
  storedAt: message.storedAt,
});
