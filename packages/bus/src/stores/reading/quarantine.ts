// What could not be read, put aside once with the reason, and how it is listed.
// Invariants
//   Q1. What is unreadable wedges nobody, and is never lost silently (P6): it is in DEAD before it is skipped. Where DEAD
//       takes nothing more, that is said, and only what stays in its place all the same is skipped.
//   Q2. Readers see one entry a message, however often it was met.
import { hasCode, hashId, isObject, messageOf } from "@sluice/base";
import type { Quarantine, QuarantinedMessage } from "../../ports/dead.ts";
import type { Stored } from "../../ports/events.ts";
import type { Message } from "../../ports/transport.ts";
import { namesOf } from "../../subjects.ts";
import type { StoreContext } from "../context.ts";
import { newest } from "../window.ts";

/** Bytes of an unreadable message that quarantine keeps. */
const keptBytes = 64 * 1_024;
/** Messages that this process remembers to have put aside; a list that meets one again says nothing. */
const maxRemembered = 10_000;
/** Entries looked through for one of an id, newest first. */
const searched = 10_000;

/** Whether the message stays where it is, or is removed from there when it is in quarantine. */
export type Afterwards = "kept" | "dropped";

export interface Unreadable {
  /** The stream's or bucket's name. */
  readonly stream: string;
  readonly message: Pick<Message, "subject" | "seq" | "data" | "storedAt">;
  readonly afterwards: Afterwards;
}

/** Puts an unreadable message aside. Errors: BUS_UNAVAILABLE; of one that is dropped then also BUS_STREAM_FULL, BUS_MESSAGE_TOO_LARGE. */
export async function quarantine(
  context: StoreContext,
  { stream, message, afterwards }: Unreadable,
  error: unknown,
): Promise<void> {
  const known = `${stream}:${message.seq}:${message.storedAt}`;
  if (context.aside.has(known)) return;
  const reason = messageOf(error);
  context.log.error("unreadable message put in quarantine", { stream, seq: message.seq, reason });
  const record = {
    v: 1,
    at: context.clock.now(),
    stream,
    subject: message.subject,
    seq: message.seq,
    reason,
    data: Buffer.from(message.data.subarray(0, keptBytes)).toString("base64"),
  };
  try {
    await context.transport.publish(context.subjects.quarantine(stream), JSON.stringify(record), {
      msgId: `quarantine:${known}`,
    });
  } catch (refusal) {
    const isFull = hasCode(refusal, "BUS_STREAM_FULL") || hasCode(refusal, "BUS_MESSAGE_TOO_LARGE");
    if (afterwards === "dropped" || !isFull) throw refusal;
    const refused = messageOf(refusal);
    context.log.error("the quarantine takes nothing; the message stays where it is", { stream, refused });
  }
  if (context.aside.size >= maxRemembered) context.aside.clear();
  context.aside.add(known);
}

export function makeQuarantine(context: StoreContext): Quarantine {
  const list = async (namespace: string, limit: number): Promise<readonly Stored<QuarantinedMessage>[]> => {
    const query = {
      stream: "DEAD" as const,
      subject: `${context.transport.prefix}.quarantine.*`,
      limit: searched,
    };
    const seen = new Set<string>();
    const found: Stored<QuarantinedMessage>[] = [];
    for (const message of await newest(context.transport, query)) {
      const value = entryOf(message);
      if (value === undefined || seen.has(value.id) || namespaceOf(context, value) !== namespace) continue;
      seen.add(value.id);
      found.push({ seq: message.seq, storedAt: message.storedAt, value });
      if (found.length >= limit) break;
    }
    return found;
  };
  return {
    list,
    async get(namespace, id) {
      return (await list(namespace, searched)).find(({ value }) => value.id === id);
    },
  };
}

/** Every subject of ours has the namespace first; what has none is shown with the default one. */
function namespaceOf(context: StoreContext, { stream, subject }: QuarantinedMessage): string {
  // A key has no prefix and kind before its namespace.
  const whole = stream === "archive" ? `${context.transport.prefix}.archive.${subject}` : subject;
  return namesOf(context.transport.prefix, whole)[0] ?? "default";
}

function entryOf(message: Message): QuarantinedMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(message.data).toString("utf8"));
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { at, stream, subject, seq, reason, data } = value;
  if (typeof at !== "number" || typeof stream !== "string" || typeof subject !== "string") return undefined;
  if (typeof seq !== "number" || typeof reason !== "string" || typeof data !== "string") return undefined;
  return {
    id: hashId("quarantine", stream, String(seq)),
    at,
    stream,
    subject,
    originalSeq: seq,
    reason,
    data,
  };
}
