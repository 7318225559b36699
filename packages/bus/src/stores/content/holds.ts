// Who refers to content in the object store, so that content nobody refers to any more can be collected.
// A hold is written before the reference to it and names where that will stand; after the publish it names the very
// message. Content may be shared: the same bytes have the same hash.
// Invariants
//   H1. Content is stored only while a hold of it exists, and a reference only after its content.
//   H2. Content that the collector has doomed is never referred to again: whoever holds it and then sees the doom
//       takes another hash for its bytes. A doom is older than any publish when the content goes.
import { createHash } from "node:crypto";
import { hashId, isObject } from "@sluice/base";
import type { Message, StreamName, Transport } from "../../ports/transport.ts";

/** Where a reference stands. */
export type Place =
  | { readonly stream: StreamName; readonly subject: string }
  | { readonly bucket: "resources" | "archive" | "memo"; readonly key: string };

/** A hold as it is stored: its place, and where in the stream the reference is, or at the earliest can be. */
export interface Hold {
  readonly v: 1;
  readonly place: Place;
  readonly fromSeq: number;
  /** Set once the reference is stored. */
  readonly seq?: number;
}

export const holdSubject = (prefix: string, hash: string, owner: string): string =>
  `${prefix}.hold.${hash}.${owner}`;
/** In the place of an owner: the collector means to remove this content. */
export const doomed = "doomed";

/** Bytes held for a place; `settled` says where the reference came to stand. */
export interface Held {
  readonly hash: string;
  readonly bytes: number;
  settled(seq: number): Promise<void>;
}

/** Stores bytes for a reference that is about to be published. Errors: BUS_UNAVAILABLE, BUS_STREAM_FULL. */
export async function holdContent(transport: Transport, place: Place, data: Buffer): Promise<Held> {
  // JSON may end in spaces: another hash for the same value.
  return holdStream(transport, place, {
    hash: (spaces) => createHash("sha256").update(data).update(" ".repeat(spaces)).digest("hex"),
    bytes: data.length,
    async *open() {
      yield data;
    },
  });
}

/** Content that can be read more than once. */
export interface Rereadable {
  /** SHA-256 of the content with so many spaces behind it. */
  hash(spaces: number): string;
  readonly bytes: number;
  open(): AsyncIterable<Uint8Array>;
}

/** As `holdContent`, piece by piece; `bytes` of what it gives counts the spaces. */
export async function holdStream(transport: Transport, place: Place, content: Rereadable): Promise<Held> {
  const fromSeq = "stream" in place ? (await transport.info(place.stream)).lastSeq + 1 : 0;
  const owner = hashId(
    "hold",
    ...("stream" in place ? [place.stream, place.subject] : [place.bucket, place.key]),
  );
  for (let spaces = 0; ; spaces++) {
    const hash = content.hash(spaces);
    const subject = holdSubject(transport.prefix, hash, owner);
    const hold: Hold = { v: 1, place, fromSeq };
    await transport.publish(subject, JSON.stringify(hold));
    if ((await transport.last("HOLDS", holdSubject(transport.prefix, hash, doomed))) !== undefined) continue;
    await transport.objects().write(hash, withSpaces(content.open(), spaces));
    return {
      hash,
      bytes: content.bytes + spaces,
      settled: async (seq) => void (await transport.publish(subject, JSON.stringify({ ...hold, seq }))),
    };
  }
}

async function* withSpaces(content: AsyncIterable<Uint8Array>, spaces: number): AsyncIterable<Uint8Array> {
  yield* content;
  if (spaces > 0) yield Buffer.from(" ".repeat(spaces));
}

/** The hash that a stored value refers to. */
export function referenceOf(value: unknown): string | undefined {
  if (!isObject(value) || Object.keys(value).length !== 2 || !isObject(value["ref"])) return undefined;
  const { hash, bytes } = value["ref"];
  return typeof hash === "string" && typeof bytes === "number" ? hash : undefined;
}

/** An artifact's has its key in it. */
const maxReferenceBytes = 16 * 1_024;

export const refersTo = (message: Pick<Message, "data">, hash: string): boolean => {
  // A reference is short; what is longer needs no parsing.
  if (message.data.length > maxReferenceBytes) return false;
  try {
    return referenceOf(JSON.parse(Buffer.from(message.data).toString("utf8"))) === hash;
  } catch {
    return false;
  }
};

export function parseHold(message: Message): Hold | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(message.data).toString("utf8"));
    return isObject(value) && value["v"] === 1 && isObject(value["place"])
      ? (value as unknown as Hold)
      : undefined;
  } catch {
    return undefined;
  }
}
