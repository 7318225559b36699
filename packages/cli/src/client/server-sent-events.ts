/** Longest event that is taken, in characters: a whole workflow object with its nodes. */
const maxEventLength = 64 * 1024 * 1024;

/**
 * The data of each server-sent event of a body, in order. Comments and other fields are passed over.
 * Ends without throwing when `signal` aborts. Source: HTML standard, "Server-sent events", 9.2.6.
 */
export async function* readServerSentEvents(
  body: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  let data: string[] = [];
  for await (const line of linesOf(body, signal)) {
    if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
    if (line !== "") continue;
    if (data.length > 0) yield data.join("\n");
    data = [];
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>, signal?: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let buffer = "";
  try {
    for await (const chunk of body) {
      buffer += decoder.decode(chunk, { stream: true });
      if (buffer.length > maxEventLength)
        throw new Error(`a server-sent event is longer than ${maxEventLength}`);
      // A carriage return at the very end may be the first half of a line's end.
      const held = buffer.endsWith("\r") ? "\r" : "";
      const lines = buffer.slice(0, buffer.length - held.length).split(/\r\n|\n|\r/);
      buffer = (lines.pop() ?? "") + held;
      yield* lines;
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
