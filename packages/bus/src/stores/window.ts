import type { Message, StreamName, Transport } from "../ports/transport.ts";

/** First look back, messages of the stream; doubled until enough is found. */
const firstWindow = 512;

/**
 * The newest messages on a subject, newest first, at most `limit`, all below `beforeSeq`. Reads the stream backwards
 * in growing windows, so the cost follows from how far back the answer lies, not from the stream's size.
 */
export async function newest(
  transport: Transport,
  query: {
    readonly stream: StreamName;
    readonly subject: string;
    readonly limit: number;
    readonly beforeSeq?: number;
  },
): Promise<readonly Message[]> {
  const { firstSeq, lastSeq } = await transport.info(query.stream);
  let end = Math.min(query.beforeSeq ?? lastSeq + 1, lastSeq + 1);
  const found: Message[] = [];
  for (let window = firstWindow; found.length < query.limit && end > firstSeq; window *= 2) {
    const from = Math.max(firstSeq, end - window);
    const batch: Message[] = [];
    for await (const message of transport.read(query.stream, query.subject, from)) {
      if (message.seq >= end) break;
      batch.push(message);
    }
    found.push(...batch.reverse());
    end = from;
  }
  return found.slice(0, query.limit);
}
