import type { Archive, ArchiveRow, ArchiveTombstone, RunKey } from "../ports/stores.ts";
import type { KvEntry } from "../ports/transport.ts";
import { token } from "../subjects.ts";
import { asVersioned } from "./body.ts";
import type { StoreContext } from "./context.ts";

export function makeArchive(context: StoreContext): Archive {
  const { transport, body, clock } = context;
  const bucket = transport.keyValue("archive");
  const keyOf = (key: RunKey) => `${token(key.namespace)}.${token(key.name)}`;
  const decode = async (entry: KvEntry): Promise<ArchiveRow | ArchiveTombstone> => {
    const message = { data: entry.value, seq: entry.revision, headers: {} };
    return asVersioned("archive row", entry.revision, await body.unpack("archive row", message));
  };
  return {
    async put(row) {
      await bucket.put(keyOf(row.key), (await body.pack(row)).data);
    },
    async get(key) {
      const entry = await bucket.get(keyOf(key));
      return entry === undefined ? undefined : decode(entry);
    },
    async *list(namespace) {
      for await (const entry of bucket.entries(namespace === undefined ? ">" : `${token(namespace)}.*`)) {
        const row = await decode(entry);
        if (!("deletedAt" in row)) yield row;
      }
    },
    async bury(key, uid) {
      const tombstone: ArchiveTombstone = { v: 1, key, uid, deletedAt: clock.now() };
      await bucket.put(keyOf(key), JSON.stringify(tombstone));
    },
  };
}
