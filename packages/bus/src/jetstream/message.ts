import type { Msg, MsgHdrs } from "nats";
import type { Message } from "../ports/transport.ts";

/** What the reply subject of a consumer's message says. Source: NATS ADR-15. */
export interface DeliveryInfo {
  readonly attempt: number;
  readonly seq: number;
  readonly consumerSeq: number;
  readonly storedAt: number;
  /** Messages that still wait for this consumer behind this one. */
  readonly pending: number;
}

/** `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<ns>.<pending>`, newer with domain and account before. */
export function deliveryInfo(reply: string): DeliveryInfo | undefined {
  const tokens = reply.split(".");
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK") return undefined;
  const at = tokens.length >= 11 ? 6 : 4;
  const [attempt, seq, consumerSeq, nanos, pending] = tokens.slice(at);
  if (nanos === undefined || pending === undefined) return undefined;
  return {
    attempt: Number(attempt),
    seq: Number(seq),
    consumerSeq: Number(consumerSeq),
    storedAt: Number(BigInt(nanos) / 1_000_000n),
    pending: Number(pending),
  };
}

export function messageFrom(msg: Msg, info: DeliveryInfo): Message {
  return {
    subject: msg.subject,
    seq: info.seq,
    data: msg.data,
    headers: headersOf(msg.headers),
    storedAt: info.storedAt,
  };
}

export function headersOf(head: MsgHdrs | undefined): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  if (head === undefined) return found;
  for (const [name, values] of head) if (!name.startsWith("Nats-")) found[name] = values[0] ?? "";
  return found;
}

/** The header block of a stored message, as `STREAM.MSG.GET` gives it. */
export function parseHeaderBlock(base64: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const line of Buffer.from(base64, "base64").toString("utf8").split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim();
    if (!name.startsWith("Nats-")) found[name] = line.slice(colon + 1).trim();
  }
  return found;
}
