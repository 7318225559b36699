// How values travel: JSON in the message, or, when it does not fit, in the object store with its hash in the message.
import { isObject, messageOf } from "@sluice/base";
import { BusError } from "../../errors.ts";
import type { Message, Transport } from "../../ports/transport.ts";
import { holdContent, type Place, referenceOf } from "./holds.ts";

/** Room for headers and protocol beside the body. */
const overheadBytes = 8 * 1_024;
const referenceHeader = "Sluice-Body";

export interface Body {
  readonly data: Uint8Array | string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Writes and reads values; made once for a transport. */
export interface BodyCodec {
  /** Publishes a value by `publish`, which gives the sequence; what is too large is put aside and held for `place`. */
  send<A extends { readonly seq: number }>(
    place: Place,
    value: unknown,
    publish: (body: Body) => Promise<A>,
  ): Promise<A>;
  /** Errors: BUS_DECODE (never) when the bytes are not what `what` should be; BUS_UNAVAILABLE. */
  unpack(what: string, message: Pick<Message, "data" | "seq" | "headers">): Promise<unknown>;
}

export async function makeBodyCodec(transport: Transport): Promise<BodyCodec> {
  const inlineBytes = (await transport.describe()).maxPayloadBytes - overheadBytes;
  return bodyCodec(transport, inlineBytes);
}

/** As `makeBodyCodec`, asking the server for its limit at the first use. */
export function lazyBodyCodec(transport: Transport): BodyCodec {
  let codec: Promise<BodyCodec> | undefined;
  const get = () => {
    codec ??= makeBodyCodec(transport).catch((error) => {
      codec = undefined;
      throw error;
    });
    return codec;
  };
  return {
    send: async (place, value, publish) => (await get()).send(place, value, publish),
    unpack: async (what, message) => (await get()).unpack(what, message),
  };
}

function bodyCodec(transport: Transport, inlineBytes: number): BodyCodec {
  return {
    async send(place, value, publish) {
      const data = Buffer.from(JSON.stringify(value), "utf8");
      if (data.length <= inlineBytes) return publish({ data, headers: {} });
      const held = await holdContent(transport, place, data);
      const reference = { v: 1, ref: { hash: held.hash, bytes: held.bytes } };
      const ack = await publish({ data: JSON.stringify(reference), headers: { [referenceHeader]: "ref" } });
      // The value is stored: a hold that cannot be settled now is judged by its place later.
      await held.settled(ack.seq).catch(() => {});
      return ack;
    },
    async unpack(what, message) {
      const value = parse(what, message.seq, message.data);
      // A KV entry has no headers: the shape alone says that it is a reference.
      const hash = referenceOf(value);
      if (hash === undefined) return value;
      const content = await transport.objects().get(hash);
      if (content === undefined)
        throw BusError.DECODE({ what, seq: message.seq, reason: `its content ${hash} is gone` });
      return parse(what, message.seq, content);
    },
  };
}

function parse(what: string, seq: number, data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString("utf8"));
  } catch (cause) {
    throw BusError.DECODE({ what, seq, reason: messageOf(cause) }, cause);
  }
}

/** Checks the envelope: an object with a format version that this build reads. */
export function asVersioned<T>(what: string, seq: number, value: unknown): T {
  if (!isObject(value)) throw BusError.DECODE({ what, seq, reason: "not a JSON object" });
  if (value["v"] !== 1)
    throw BusError.DECODE({
      what,
      seq,
      reason: `format version ${JSON.stringify(value["v"])}, this build reads 1`,
    });
  return value as T;
}

/** What every reader of it takes for granted: that it says whose it is. Errors: BUS_DECODE. */
export function checkNames(what: string, seq: number, named: unknown, fields: readonly string[]): void {
  const lacking = fields.find((field) => !isObject(named) || typeof named[field] !== "string");
  if (lacking !== undefined) throw BusError.DECODE({ what, seq, reason: `it has no ${lacking}` });
}
