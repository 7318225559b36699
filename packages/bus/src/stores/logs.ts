import type { RunKey } from "../ports/journal.ts";
import type { LogLine, LogSource, LogStore } from "../ports/logs.ts";
import type { Message } from "../ports/transport.ts";
import { asVersioned } from "./content/body.ts";
import type { StoreContext } from "./context.ts";
import { decodeOrQuarantine, followTyped, once } from "./reading/typed.ts";

/** Text in one message of LOGS, characters: small enough for every server's default limit. */
const batchChars = 128 * 1_024;

interface LogRecord {
  readonly v: 1;
  readonly n: string;
  readonly a: number;
  /** Which run of the name. */
  readonly r?: string;
  /** Time, 1 for stderr, text. */
  readonly l: readonly (readonly [number, 0 | 1, string])[];
}

export function makeLogStore(context: StoreContext): LogStore {
  const { transport, subjects, body } = context;
  const decode = async (message: Message): Promise<LogRecord> =>
    asVersioned("log lines", message.seq, await body.unpack("log lines", message));
  const reading = { stream: "LOGS" as const, decode };

  return {
    async append(key, node, lines, after) {
      const subject = subjects.log(key.namespace, key.name, node.id);
      let last = after;
      let stored = after ?? 0;
      for (const batch of batches(lines)) {
        const run = node.run === undefined ? {} : { r: node.run };
        const record: LogRecord = { v: 1, n: node.id, a: node.attempt, ...run, l: batch };
        const expected = last === undefined ? {} : { expectLastSubjectSeq: last };
        const ack = await body.send({ stream: "LOGS", subject }, record, ({ data, headers }) =>
          transport.publish(subject, data, { headers, ...expected }),
        );
        last = after === undefined ? undefined : ack.seq;
        stored = ack.seq;
      }
      return stored;
    },
    async tail(key, nodeId) {
      const message = await transport.last("LOGS", subjects.log(key.namespace, key.name, nodeId));
      if (message === undefined) return undefined;
      const record = await decodeOrQuarantine(context, reading, message);
      return { ...sourceOf(record, nodeId), seq: message.seq };
    },
    async *read(key, options) {
      const subject = subjects.log(key.namespace, key.name, options.node);
      for await (const [seq, record] of records(subject, options.follow))
        for (const [at, stderr, text] of record.l)
          yield {
            at,
            stream: stderr === 1 ? "stderr" : "stdout",
            text,
            nodeId: record.n,
            attempt: record.a,
            seq,
            ...(record.r === undefined ? {} : { run: record.r }),
          };
    },
    purge: (key: RunKey) => transport.purge("LOGS", subjects.log(key.namespace, key.name)),
  };

  async function* records(
    subject: string,
    follow: AbortSignal | undefined,
  ): AsyncIterable<readonly [seq: number, record: LogRecord]> {
    if (follow === undefined)
      for await (const message of once(transport.read("LOGS", subject))) {
        const record = await decodeOrQuarantine(context, reading, message);
        if (record !== undefined) yield [message.seq, record];
      }
    else {
      const options = { filterSubjects: [subject], start: "all" as const };
      for await (const seen of followTyped(context, { ...reading, options }, follow))
        if (seen !== "caught-up") yield [seen.message.seq, seen.value];
    }
  }
}

/** Lines that cannot be read are nobody's. */
const sourceOf = (record: LogRecord | undefined, nodeId: string): LogSource => ({
  id: nodeId,
  attempt: record?.a ?? -1,
  ...(record?.r === undefined ? {} : { run: record.r }),
});

function* batches(lines: readonly LogLine[]): Iterable<LogRecord["l"]> {
  let batch: (readonly [number, 0 | 1, string])[] = [];
  let chars = 0;
  for (const line of lines) {
    if (batch.length > 0 && chars + line.text.length > batchChars) {
      yield batch;
      batch = [];
      chars = 0;
    }
    batch.push([line.at, line.stream === "stderr" ? 1 : 0, line.text]);
    chars += line.text.length + 24;
  }
  if (batch.length > 0) yield batch;
}
