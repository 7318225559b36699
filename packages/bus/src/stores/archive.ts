import { hasCode } from "@sluice/base";
import type { Archive, ArchiveChange, ArchiveRow, ArchiveTombstone } from "../ports/archive.ts";
import type { RunKey } from "../ports/journal.ts";
import type { KvChange, KvEntry } from "../ports/transport.ts";
import { token } from "../subjects.ts";
import { asVersioned, checkNames } from "./content/body.ts";
import type { StoreContext } from "./context.ts";
import { entryItem, readItem, watchEach } from "./reading/item.ts";
import { quarantine } from "./reading/quarantine.ts";

/** Two writers of one row are rare; more than this in a row means that something is wrong. */
const maxTries = 10;

export function makeArchive(context: StoreContext): Archive {
  const { transport, body, clock } = context;
  const bucket = transport.keyValue("archive");
  const keyOf = (key: RunKey) => `${token(key.namespace)}.${token(key.name)}`;
  const decode = async (entry: KvEntry): Promise<ArchiveRow | ArchiveTombstone> => {
    const message = { data: entry.value, seq: entry.revision, headers: {} };
    const raw = await body.unpack("archive row", message);
    const row = asVersioned<ArchiveRow | ArchiveTombstone>("archive row", entry.revision, raw);
    checkNames("archive row", entry.revision, row.key, ["namespace", "name"]);
    return row;
  };
  /** One damaged row must not hide all the others. */
  const readable = (entry: KvEntry): Promise<ArchiveRow | ArchiveTombstone | undefined> => {
    const { key: subject, revision: seq, value: data, storedAt } = entry;
    const unreadable = {
      stream: "archive",
      message: { subject, seq, data, storedAt },
      afterwards: "kept",
    } as const;
    const door = {
      read: () => decode(entry),
      setAside: (error: unknown) => quarantine(context, unreadable, error),
    };
    return readItem(context, entryItem({ name: "archive", bucket, entry }, door));
  };
  const shown = async (change: KvChange): Promise<ArchiveChange> => {
    if (change.type === "caught-up") return change;
    const row = change.type === "put" ? await readable(change.entry) : undefined;
    const revision = change.type === "put" ? change.entry.revision : change.revision;
    if (row === undefined) return { type: "passed", revision };
    if ("deletedAt" in row) return { type: "tombstone", key: row.key, revision };
    return { type: "row", row, revision };
  };
  /** Writes over what is there, if `may` says so of it; false when it does not. */
  const write = async (
    key: RunKey,
    data: Uint8Array | string,
    may: (there: ArchiveRow | ArchiveTombstone) => boolean,
  ): Promise<boolean> => {
    for (let attempt = 1; ; attempt++) {
      const entry = await bucket.get(keyOf(key));
      const there = entry === undefined ? undefined : await readable(entry);
      if (there !== undefined && !may(there)) return false;
      try {
        if (entry === undefined) await bucket.create(keyOf(key), data);
        else await bucket.update(keyOf(key), data, entry.revision);
        return true;
      } catch (error) {
        if (!hasCode(error, "BUS_WRONG_SEQUENCE") || attempt === maxTries) throw error;
      }
    }
  };

  return {
    async put(row) {
      const place = { bucket: "archive", key: keyOf(row.key) } as const;
      const { written } = await body.send(place, row, async ({ data }) => ({
        // A bucket's reference is found by its key, not by its position.
        seq: 0,
        written: await write(row.key, data, (there) => !("deletedAt" in there && there.uid === row.uid)),
      }));
      return written ? "stored" : "buried";
    },
    async get(key) {
      const entry = await bucket.get(keyOf(key));
      return entry === undefined ? undefined : decode(entry);
    },
    async *list(namespace) {
      for await (const entry of bucket.entries(namespace === undefined ? ">" : `${token(namespace)}.*`)) {
        const row = await readable(entry);
        if (row !== undefined && !("deletedAt" in row)) yield row;
      }
    },
    async bury(key, uid) {
      const tombstone: ArchiveTombstone = { v: 1, key, uid, deletedAt: clock.now() };
      await write(key, JSON.stringify(tombstone), (there) => "deletedAt" in there || there.uid === uid);
    },
    lastRevision: () => bucket.lastRevision(),
    watch: (signal) => watchEach(context, bucket.watch(">", signal), shown, signal),
  };
}
