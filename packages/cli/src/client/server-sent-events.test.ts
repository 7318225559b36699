import fc from "fast-check";
import { expect, test } from "vitest";
import { readServerSentEvents } from "./server-sent-events.ts";

const bodyOf = (chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

test("events come out whole however the network cut them; comments and unfinished ones do not", async () => {
  const bytes = new TextEncoder().encode(
    ': hi\n\ndata: {"a":"ü"}\n\nid: 1\ndata:one\r\ndata: two\r\n\r\ndata: unfinished',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: bytes.length })), async (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, at) => bytes.slice(places[at], end));
      const events: string[] = [];
      for await (const event of readServerSentEvents(bodyOf(chunks))) events.push(event);
      expect(events).toEqual(['{"a":"ü"}', "one\ntwo"]);
    }),
  );
});
