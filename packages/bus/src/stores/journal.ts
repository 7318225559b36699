// RUNS: the journal of each run, one subject a run.
// Invariants
//   J1. A record is appended only on top of the sequence that its writer has seen (P4).
//   J2. A record is compact JSON `{v:1,f:[facts]}`, or a checkpoint `{v:1,z,n,to,by}`: the facts of all records up to `to`
//       as JSON, deflated, in base64; either may be a reference to it in the object store.
//   J3. Records go only after the checkpoint that holds them is stored, and none that came after it goes with them.
//   J4. A reader and a follower see each record once, in its order, whatever the transport repeats.

import { type Packing, threadPacking } from "@sluice/base";
import { BusError } from "../errors.ts";
import type { Journal, JournalRecord, RunKey } from "../ports/journal.ts";
import type { Message } from "../ports/transport.ts";
import { fromToken, maxTokenBytes, namesOf, token } from "../subjects.ts";
import { asVersioned } from "./content/body.ts";
import type { StoreContext } from "./context.ts";
import { decodeOrQuarantine, followTyped, once } from "./reading/typed.ts";

export function makeJournal<F>(context: StoreContext): Journal<F> {
  const { transport, subjects, body, packing = threadPacking } = context;

  const decode = async (message: Message): Promise<JournalRecord<F>> => {
    const what = "journal record";
    const stored = asVersioned<{ f?: unknown } & Partial<Packed>>(
      what,
      message.seq,
      await body.unpack(what, message),
    );
    const { f = await unpacked(packing, stored) } = stored;
    if (!Array.isArray(f)) throw BusError.DECODE({ what, seq: message.seq, reason: "it has no facts" });
    const key = runKeyOf(transport.prefix, message.subject);
    if (key === undefined)
      throw BusError.DECODE({ what, seq: message.seq, reason: `'${message.subject}' names no run` });
    const { to, by = "" } = stored;
    return {
      key,
      seq: message.seq,
      storedAt: message.storedAt,
      facts: f as readonly F[],
      ...(to === undefined ? {} : { checkpoint: { upTo: to, by } }),
    };
  };

  const reading = { stream: "RUNS" as const, decode };

  return {
    async append(key, facts, expectedSeq) {
      const subject = runSubject(context, key);
      const ack = await body.send({ stream: "RUNS", subject }, { v: 1, f: facts }, ({ data, headers }) =>
        transport.publish(subject, data, { expectLastSubjectSeq: expectedSeq, headers }),
      );
      return ack.seq;
    },
    async *read(key, afterSeq = 0) {
      const messages = transport.read("RUNS", subjects.run(key.namespace, key.name), afterSeq + 1);
      for await (const message of once(messages)) {
        const record = await decodeOrQuarantine(context, reading, message);
        if (record !== undefined) yield record;
      }
    },
    async keys(namespace) {
      const found = await transport.subjects("RUNS", subjects.run(namespace));
      return [...found.keys()].flatMap((subject) => runKeyOf(transport.prefix, subject) ?? []);
    },
    async *follow(signal, given) {
      const options = { filterSubjects: [subjects.run()], start: given?.start ?? ("all" as const) };
      for await (const seen of followTyped(context, { ...reading, options }, signal))
        yield seen === "caught-up" ? { type: "caught-up" } : { type: "record", record: seen.value };
    },
    async compact(key, facts, { expectedSeq, by }) {
      const subject = runSubject(context, key);
      const z = (await packing.deflate(Buffer.from(JSON.stringify(facts), "utf8"))).toString("base64");
      const packed: Packed = { v: 1, z, n: facts.length, to: expectedSeq, by };
      const ack = await body.send({ stream: "RUNS", subject }, packed, ({ data, headers }) =>
        transport.publish(subject, data, { expectLastSubjectSeq: expectedSeq, headers }),
      );
      await transport.purge("RUNS", subject, { beforeSeq: ack.seq });
      return ack.seq;
    },
    purge: (key) => transport.purge("RUNS", subjects.run(key.namespace, key.name)),
  };
}

interface Packed {
  readonly v: 1;
  readonly z: string;
  readonly n: number;
  readonly to: number;
  readonly by: string;
}

/** More than any run's facts come to: a record that claims more is damaged. */
const maxUnpackedBytes = 512 * 1_024 * 1_024;

/** Undefined when it is no checkpoint, or one that is damaged. */
async function unpacked(packing: Packing, { z, n }: Partial<Packed>): Promise<unknown> {
  if (typeof z !== "string") return undefined;
  try {
    const bytes = await packing.inflate(Buffer.from(z, "base64"), maxUnpackedBytes);
    const facts: unknown = JSON.parse(bytes.toString("utf8"));
    return Array.isArray(facts) && facts.length === n ? facts : undefined;
  } catch {
    return undefined;
  }
}

function runKeyOf(prefix: string, subject: string): RunKey | undefined {
  const [namespace, name] = namesOf(prefix, subject);
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** The run's subject. Errors: BUS_NAME_TOO_LONG, since a hashed name could not be listed again. */
function runSubject(context: StoreContext, key: RunKey): string {
  for (const name of [key.namespace, key.name])
    if (fromToken(token(name)) === undefined)
      throw BusError.NAME_TOO_LONG({ name: name.slice(0, 80), maxBytes: maxTokenBytes });
  return context.subjects.run(key.namespace, key.name);
}
