import { hasCode } from "@sluice/base";
import type { Archive, ArchiveChange, ArchiveRow, ArchiveTombstone, FreedClaims } from "../ports/archive.ts";
import type { RunKey } from "../ports/journal.ts";
import type { KvChange, KvEntry } from "../ports/transport.ts";
import { token } from "../subjects.ts";
import { asVersioned, checkNames } from "./content/body.ts";
import type { StoreContext } from "./context.ts";
import { entryItem, readItem, watchEach } from "./reading/item.ts";
import { quarantine } from "./reading/quarantine.ts";

/** Two writers of one row are rare; more than this in a row means that something is wrong. */
const maxTries = 10;

/** Runs of one name that kept claims and were deleted; the claims of those before them are long gone. */
const maxFreed = 64;

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
    if ("deletedAt" in row) return { type: "tombstone", key: row.key, revision, ...freedIn(row) };
    return { type: "row", row, revision };
  };
  /** Writes what `next` makes of what is there; false when that is nothing. */
  const write = async (
    key: RunKey,
    next: (there: ArchiveRow | ArchiveTombstone | undefined) => ArchiveRow | ArchiveTombstone | undefined,
  ): Promise<boolean> => {
    const place = { bucket: "archive", key: keyOf(key) } as const;
    for (let attempt = 1; ; attempt++) {
      const entry = await bucket.get(place.key);
      const value = next(entry === undefined ? undefined : await readable(entry));
      if (value === undefined) return false;
      try {
        await body.send(place, value, async ({ data }) => {
          if (entry === undefined) await bucket.create(place.key, data);
          else await bucket.update(place.key, data, entry.revision);
          // A bucket's reference is found by its key, not by its position.
          return { seq: 0 };
        });
        return true;
      } catch (error) {
        if (!hasCode(error, "BUS_WRONG_SEQUENCE") || attempt === maxTries) throw error;
      }
    }
  };

  return {
    async put(row) {
      const written = await write(row.key, (there) =>
        there !== undefined && "deletedAt" in there && there.uid === row.uid
          ? undefined
          : { ...row, ...freedBy(there, row.claims) },
      );
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
      await write(key, (there) =>
        there === undefined || "deletedAt" in there || there.uid === uid
          ? { v: 1, key, uid, deletedAt: clock.now(), ...freedBy(there) }
          : undefined,
      );
    },
    lastRevision: () => bucket.lastRevision(),
    watch: (signal) => watchEach(context, bucket.watch(">", signal), shown, signal),
  };
}

const freedIn = ({ freed }: FreedClaims): FreedClaims => (freed === undefined ? {} : { freed });

/** What is freed once another entry takes the place of this one: claims that the new one keeps (`kept`) are not. */
function freedBy(there: ArchiveRow | ArchiveTombstone | undefined, kept?: string): FreedClaims {
  if (there === undefined) return {};
  const { freed = [] } = there;
  // A row gives way to a tombstone, or to the run's next end, which keeps its claims or has let them go itself.
  const own = "claims" in there && there.claims !== undefined ? [there.claims] : [];
  const owners = new Set([...freed, ...own]);
  if (kept !== undefined) owners.delete(kept);
  return owners.size === 0 ? {} : { freed: [...owners].slice(-maxFreed) };
}
