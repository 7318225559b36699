// Large content under its hash, in chunks of one stream.
// Invariants
//   O1. The index message is written last: an object without it does not exist, however many chunks are there.
//   O2. `get` gives exactly the bytes whose SHA-256 is the name, or throws.
import { createHash } from "node:crypto";
import type { StreamLayer } from "../core/stream-layer.ts";
import { BusError } from "../errors.ts";
import type { ObjectStore } from "../ports/transport.ts";

const chunkBytes = 256 * 1_024;

interface ObjectIndex {
  readonly chunks: number;
}

/** The same bytes in pieces of `size`, the last one maybe shorter. */
async function* inChunks(content: AsyncIterable<Uint8Array>, size: number): AsyncIterable<Uint8Array> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of content)
    for (let from = 0; from < piece.length; ) {
      const part = piece.subarray(from, from + size - length);
      parts.push(part);
      length += part.length;
      from += part.length;
      if (length < size) continue;
      yield Buffer.concat(parts);
      parts = [];
      length = 0;
    }
  if (length > 0) yield Buffer.concat(parts);
}

export function makeObjects(layer: StreamLayer, stream: string, prefix: string): ObjectStore {
  const chunkSubject = (hash: string, index: number) => `${prefix}.obj.${hash}.c${index}`;
  const indexSubject = (hash: string) => `${prefix}.obj.${hash}.index`;
  const indexOf = async (hash: string): Promise<ObjectIndex | undefined> => {
    if (!/^[0-9a-f]{64}$/.test(hash)) return undefined;
    const index = await layer.last(stream, indexSubject(hash));
    return index === undefined
      ? undefined
      : (JSON.parse(Buffer.from(index.data).toString("utf8")) as ObjectIndex);
  };
  async function* chunksOf(hash: string, { chunks }: ObjectIndex): AsyncIterable<Uint8Array> {
    const digest = createHash("sha256");
    for (let i = 0; i < chunks; i++) {
      const part = await layer.last(stream, chunkSubject(hash, i));
      if (part === undefined)
        throw BusError.OBJECT_CORRUPT({ hash, reason: `chunk ${i} of ${chunks} is gone` });
      digest.update(part.data);
      yield part.data;
    }
    if (digest.digest("hex") !== hash)
      throw BusError.OBJECT_CORRUPT({ hash, reason: "its content has another hash" });
  }
  const size = Math.min(chunkBytes, layer.maxPayloadBytes - 4_096);

  return {
    async put(content) {
      const hash = createHash("sha256").update(content).digest("hex");
      if ((await layer.last(stream, indexSubject(hash))) !== undefined) return { hash };
      const chunks = Math.ceil(content.length / size);
      for (let i = 0; i < chunks; i++)
        await layer.publish(chunkSubject(hash, i), content.subarray(i * size, (i + 1) * size));
      await layer.publish(indexSubject(hash), JSON.stringify({ v: 1, bytes: content.length, chunks }));
      return { hash };
    },
    async get(hash) {
      const index = await indexOf(hash);
      if (index === undefined) return undefined;
      const parts: Uint8Array[] = [];
      for await (const part of chunksOf(hash, index)) parts.push(part);
      return Buffer.concat(parts);
    },
    async write(hash, content) {
      if ((await indexOf(hash)) !== undefined) return;
      const digest = createHash("sha256");
      let chunks = 0;
      let bytes = 0;
      for await (const chunk of inChunks(content, size)) {
        digest.update(chunk);
        bytes += chunk.length;
        await layer.publish(chunkSubject(hash, chunks), chunk);
        chunks += 1;
      }
      if (digest.digest("hex") !== hash)
        throw BusError.OBJECT_CORRUPT({ hash, reason: "what was to be stored has another hash" });
      await layer.publish(indexSubject(hash), JSON.stringify({ v: 1, bytes, chunks }));
    },
    async open(hash) {
      const index = await indexOf(hash);
      return index === undefined ? undefined : chunksOf(hash, index);
    },
    async delete(hash) {
      await layer.purge(stream, indexSubject(hash));
      await layer.purge(stream, `${prefix}.obj.${hash}.>`);
    },
  };
}
