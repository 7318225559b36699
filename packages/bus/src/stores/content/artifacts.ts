// The default artifact repository: one message a key in ARTIFACTS, with small content in it and large content in the
// object store, held as any other (holds.ts).
// Invariants
//   A1. A key's last message is what lies there; the stream keeps no other, so content that was overwritten is let go.
//   A2. Content is stored before the message that names it.
import { createHash } from "node:crypto";
import { isObject } from "@sluice/base";
import { BusError } from "../../errors.ts";
import type { ArtifactPlace, ArtifactStore, StoredArtifact } from "../../ports/artifacts.ts";
import type { Message } from "../../ports/transport.ts";
import { token } from "../../subjects.ts";
import type { StoreContext } from "../context.ts";
import { decodeOrQuarantine } from "../reading/typed.ts";
import { holdStream } from "./holds.ts";

/** Content up to this is kept in the key's own message. */
const inlineBytes = 16 * 1_024;
const maxKeyBytes = 1_024;

/** What an entry says beside its content. */
interface Meta {
  readonly key: string;
  readonly ns: string;
  readonly kind: StoredArtifact["kind"];
  /** SHA-256 and length of the content itself. */
  readonly sha: string;
  readonly size: number;
  readonly owner: string;
  readonly mode?: number;
  readonly target?: string;
}
/** `ref` as in other streams, so that the collector knows it: `hash` and `bytes` count spaces behind the content. */
type Entry =
  | { readonly v: 1; readonly inline: Meta & { readonly data: string } }
  | { readonly v: 1; readonly ref: Meta & { readonly hash: string; readonly bytes: number } };

/** What a listed artifact is read from; not part of the port. */
const entries = new WeakMap<StoredArtifact, Entry>();

export function makeArtifactStore(context: StoreContext): ArtifactStore {
  const { transport } = context;
  const subjectOf = (namespace: string, key: string) =>
    [transport.prefix, "art", token(namespace), ...key.split("/").map(token)].join(".");
  const write = (entry: Entry, subject: string) => transport.publish(subject, JSON.stringify(entry));

  return {
    async put(place, open) {
      const key = checkedKey(place.key);
      const subject = subjectOf(place.namespace, key);
      const content = await measured(open);
      const meta: Meta = { ...metaOf({ ...place, key }, "file"), sha: content.sha, size: content.bytes };
      if (content.small !== undefined) {
        await write({ v: 1, inline: { ...meta, data: content.small.toString("base64") } }, subject);
      } else {
        const held = await holdStream(transport, { stream: "ARTIFACTS", subject }, { ...content, open });
        const ack = await write({ v: 1, ref: { ...meta, hash: held.hash, bytes: held.bytes } }, subject);
        // Stored: a hold that cannot be settled now is judged by its place later.
        await held.settled(ack.seq).catch(() => {});
      }
      return { bytes: content.bytes, hash: content.sha };
    },

    async mark(place, what) {
      const key = `${checkedKey(place.key)}${what.kind === "folder" ? "/" : ""}`;
      const target = what.kind === "link" ? { target: what.target } : {};
      const meta: Meta = { ...metaOf({ ...place, key }, what.kind), sha: emptySha, size: 0, ...target };
      await write({ v: 1, inline: { ...meta, data: "" } }, subjectOf(place.namespace, key));
    },

    async find(namespace, key) {
      const message = await transport.last("ARTIFACTS", subjectOf(namespace, checkedKey(key)));
      return message === undefined ? undefined : readable(message);
    },

    async *list(namespace, key) {
      const under = key === "" ? [] : checkedKey(key).split("/").map(token);
      const subject = [transport.prefix, "art", token(namespace), ...under, ">"].join(".");
      for await (const message of transport.read("ARTIFACTS", subject)) {
        const artifact = await readable(message);
        if (artifact !== undefined) yield artifact;
      }
    },

    async *read(artifact) {
      const entry = entries.get(artifact);
      if (entry === undefined) throw gone(artifact);
      if ("inline" in entry) {
        yield Buffer.from(entry.inline.data, "base64");
        return;
      }
      const content = await transport.objects().open(entry.ref.hash);
      if (content === undefined) throw gone(artifact);
      yield* shortened(content, entry.ref.size);
    },

    async remove(namespace, key, owner) {
      const checked = checkedKey(key);
      const own = await this.find(namespace, checked);
      if (own?.owner === owner) await transport.purge("ARTIFACTS", subjectOf(namespace, checked));
      const doomed: string[] = [];
      for await (const artifact of this.list(namespace, checked))
        if (artifact.owner === owner) doomed.push(artifact.key);
      for (const name of doomed) await transport.purge("ARTIFACTS", subjectOf(namespace, name));
    },
  };

  async function readable(message: Message): Promise<StoredArtifact | undefined> {
    return decodeOrQuarantine(context, { stream: "ARTIFACTS", decode: async () => decode(message) }, message);
  }
}

const emptySha = createHash("sha256").digest("hex");
const gone = ({ hash }: StoredArtifact) =>
  BusError.OBJECT_CORRUPT({ hash, reason: "it was removed or written over" });

const metaOf = (place: ArtifactPlace, kind: StoredArtifact["kind"]) => ({
  key: place.key,
  ns: place.namespace,
  kind,
  owner: place.owner,
  ...(place.mode === undefined ? {} : { mode: place.mode & 0o777 }),
});

/** Errors: BUS_ARTIFACT_KEY. */
function checkedKey(key: string): string {
  const names = key.replace(/\/$/, "").split("/");
  if (names.some((name) => name === "" || name === "." || name === ".."))
    throw BusError.ARTIFACT_KEY({ key, reason: "has an empty name, '.' or '..'" });
  if (Buffer.byteLength(key) > maxKeyBytes)
    throw BusError.ARTIFACT_KEY({ key, reason: `has more than ${maxKeyBytes} bytes` });
  return names.join("/");
}

interface Measured {
  readonly sha: string;
  readonly bytes: number;
  /** The content itself, when it is small. */
  readonly small: Buffer | undefined;
  hash(spaces: number): string;
}

async function measured(open: () => AsyncIterable<Uint8Array>): Promise<Measured> {
  const digest = createHash("sha256");
  let bytes = 0;
  let parts: Uint8Array[] = [];
  for await (const piece of open()) {
    digest.update(piece);
    bytes += piece.length;
    if (bytes <= inlineBytes) parts.push(piece);
    else parts = [];
  }
  return {
    sha: digest.copy().digest("hex"),
    bytes,
    small: bytes <= inlineBytes ? Buffer.concat(parts) : undefined,
    hash: (spaces) => digest.copy().update(" ".repeat(spaces)).digest("hex"),
  };
}

async function* shortened(content: AsyncIterable<Uint8Array>, size: number): AsyncIterable<Uint8Array> {
  let left = size;
  for await (const piece of content) {
    if (left > 0) yield piece.length <= left ? piece : piece.subarray(0, left);
    left -= piece.length;
  }
}

/** Errors: BUS_DECODE. */
function decode(message: Message): StoredArtifact {
  const entry = parsed(message);
  const meta = "inline" in entry ? entry.inline : entry.ref;
  const artifact: StoredArtifact = {
    namespace: meta.ns,
    key: meta.key,
    kind: meta.kind,
    bytes: meta.size,
    hash: meta.sha,
    owner: meta.owner,
    ...(meta.mode === undefined ? {} : { mode: meta.mode }),
    ...(meta.target === undefined ? {} : { target: meta.target }),
    storedAt: message.storedAt,
  };
  entries.set(artifact, entry);
  return artifact;
}

function parsed(message: Message): Entry {
  const broken = (reason: string) => BusError.DECODE({ what: "artifact", seq: message.seq, reason });
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(message.data).toString("utf8"));
  } catch {
    throw broken("not JSON");
  }
  if (!isObject(value) || value["v"] !== 1) throw broken("not an entry of this version");
  const meta = value["inline"] ?? value["ref"];
  if (!isObject(meta) || typeof meta["key"] !== "string" || typeof meta["sha"] !== "string")
    throw broken("its fields are missing");
  return value as unknown as Entry;
}
