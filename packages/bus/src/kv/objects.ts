// Large content under its hash, in chunks of one stream.
// Invariants
//   O1. The index message is written last: an object without it does not exist, however many chunks are there.
//   O2. `get` gives exactly the bytes whose SHA-256 is the name, or throws.
import { createHash } from "node:crypto";
import type { StreamLayer } from "../core/stream-layer.ts";
import { BusError } from "../errors.ts";
import type { ObjectStore } from "../ports/transport.ts";

const chunkBytes = 256 * 1_024;

export function makeObjects(layer: StreamLayer, stream: string, prefix: string): ObjectStore {
  const chunkSubject = (hash: string, index: number) => `${prefix}.obj.${hash}.c${index}`;
  const indexSubject = (hash: string) => `${prefix}.obj.${hash}.index`;
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
      if (!/^[0-9a-f]{64}$/.test(hash)) return undefined;
      const index = await layer.last(stream, indexSubject(hash));
      if (index === undefined) return undefined;
      const { chunks } = JSON.parse(Buffer.from(index.data).toString("utf8")) as { chunks: number };
      const parts: Uint8Array[] = [];
      for (let i = 0; i < chunks; i++) {
        const part = await layer.last(stream, chunkSubject(hash, i));
        if (part === undefined)
          throw BusError.OBJECT_CORRUPT({ hash, reason: `chunk ${i} of ${chunks} is gone` });
        parts.push(part.data);
      }
      const content = Buffer.concat(parts);
      if (createHash("sha256").update(content).digest("hex") !== hash)
        throw BusError.OBJECT_CORRUPT({ hash, reason: "its content has another hash" });
      return content;
    },
    async delete(hash) {
      await layer.purge(stream, indexSubject(hash));
      await layer.purge(stream, `${prefix}.obj.${hash}.>`);
    },
  };
}
