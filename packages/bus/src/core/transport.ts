import { makeKeyValue } from "../kv/key-value.ts";
import { makeObjects } from "../kv/objects.ts";
import type {
  BucketName,
  KeyValue,
  Message,
  ObjectStore,
  StreamName,
  Transport,
} from "../ports/transport.ts";
import { bucketId, bucketStream, objectStream, streamName } from "../streams.ts";
import { readGiveUpMs, type StreamLayer } from "./stream-layer.ts";

/** The Transport over any layer whose streams exist already. **Owns** the layer: disposing closes it. */
export function makeTransport(layer: StreamLayer, prefix: string): Transport {
  const physical = (stream: StreamName) => streamName(prefix, stream);
  const buckets = new Map<BucketName, KeyValue>();
  let objects: ObjectStore | undefined;
  return {
    prefix,
    status: layer.status,
    publish: (subject, data, options) => layer.publish(subject, data, options),
    consume: (stream, options, signal) => layer.consume(physical(stream), options, signal),
    deleteConsumer: (stream, durable) => layer.deleteConsumer(physical(stream), durable),
    follow: (stream, options, signal) => layer.follow(physical(stream), options, signal),
    read: (stream, subject, fromSeq) => readStored(layer, physical(stream), subject, fromSeq ?? 1),
    last: (stream, subject) => layer.last(physical(stream), subject),
    get: (stream, seq) => layer.get(physical(stream), seq),
    subjects: (stream, filter) => layer.subjects(physical(stream), filter),
    purge: (stream, subject, options) => layer.purge(physical(stream), subject, options),
    deleteMessage: (stream, seq) => layer.deleteMessage(physical(stream), seq),
    info: (stream) => layer.info(physical(stream)),
    keyValue(bucket) {
      const known = buckets.get(bucket);
      if (known !== undefined) return known;
      const made = makeKeyValue(layer, bucketStream(prefix, bucket), bucketId(prefix, bucket));
      buckets.set(bucket, made);
      return made;
    },
    objects() {
      objects ??= makeObjects(layer, objectStream(prefix), prefix);
      return objects;
    },
    describe: () => layer.describe(),
    [Symbol.asyncDispose]: () => layer[Symbol.asyncDispose](),
  };
}

/**
 * A bounded read is a follower that leaves when it has caught up. One that saw nothing makes sure: what was there when it
 * began may have gone meanwhile in favour of a message behind it, as when a journal is packed, and the subject was never
 * empty.
 */
async function* readStored(
  layer: StreamLayer,
  stream: string,
  subject: string,
  fromSeq: number,
): AsyncIterable<Message> {
  if (stream.endsWith("_TRIGGERS")) {
    // A work queue takes no second consumer: its messages are asked for one by one.
    for (let seq = Math.max(1, fromSeq); ; ) {
      const message = await layer.next(stream, subject, seq);
      if (message === undefined) return;
      yield message;
      seq = message.seq + 1;
    }
  }
  for (let seq = Math.max(1, fromSeq); ; ) {
    let isEmpty = true;
    for await (const message of readOnce(layer, stream, subject, seq)) {
      isEmpty = false;
      yield message;
    }
    if (!isEmpty) return;
    const next = await layer.next(stream, subject, seq);
    if (next === undefined) return;
    seq = next.seq;
  }
}

async function* readOnce(
  layer: StreamLayer,
  stream: string,
  subject: string,
  seq: number,
): AsyncIterable<Message> {
  const stop = new AbortController();
  try {
    const options = { filterSubjects: [subject], start: { seq }, giveUpMs: readGiveUpMs };
    for await (const seen of layer.follow(stream, options, stop.signal)) {
      if (seen.type === "caught-up") return;
      yield seen.message;
    }
  } finally {
    stop.abort();
  }
}
