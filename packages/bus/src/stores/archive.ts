import { hasCode } from "@sluice/base";
import type { Archive, ArchiveRow, ArchiveTombstone } from "../ports/archive.ts";
import type { RunKey } from "../ports/journal.ts";
import type { KvEntry } from "../ports/transport.ts";
import { token } from "../subjects.ts";
import { asVersioned } from "./content/body.ts";
import type { StoreContext } from "./context.ts";
import { isUnreadable, quarantine } from "./reading/quarantine.ts";

/** Two writers of one row are rare; more than this in a row means that something is wrong. */
const maxTries = 10;

export function makeArchive(context: StoreContext): Archive {
  const { transport, body, clock } = context;
  const bucket = transport.keyValue("archive");
  const keyOf = (key: RunKey) => `${token(key.namespace)}.${token(key.name)}`;
  const decode = async (entry: KvEntry): Promise<ArchiveRow | ArchiveTombstone> => {
    const message = { data: entry.value, seq: entry.revision, headers: {} };
    return asVersioned("archive row", entry.revision, await body.unpack("archive row", message));
  };
  /** One damaged row must not hide all the others. */
  const readable = async (entry: KvEntry): Promise<ArchiveRow | ArchiveTombstone | undefined> => {
    try {
      return await decode(entry);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      const { key: subject, revision: seq, value: data, storedAt } = entry;
      await quarantine(context, "archive", { subject, seq, data, storedAt }, error);
      return undefined;
    }
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
    async *watch(signal) {
      for await (const change of bucket.watch(">", signal)) {
        if (change.type === "caught-up") {
          yield change;
          continue;
        }
        const row = change.type === "put" ? await readable(change.entry) : undefined;
        const revision = change.type === "put" ? change.entry.revision : change.revision;
        if (row === undefined) yield { type: "passed", revision };
        else if ("deletedAt" in row) yield { type: "tombstone", key: row.key, revision };
        else yield { type: "row", row, revision };
      }
    },
  };
}
