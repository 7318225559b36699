// Bounded reads over a layer whose stream changes between its calls.
import { expect, test } from "vitest";
import type { Followed, Message } from "../ports/transport.ts";
import type { StreamLayer } from "./stream-layer.ts";
import { makeTransport } from "./transport.ts";

const message = (seq: number): Message => ({
  subject: "s",
  seq,
  data: new Uint8Array(),
  headers: {},
  storedAt: 0,
});

/** A follower gives what `sessions` says, one session after another; `next` gives what is stored behind a position. */
function aLayer(sessions: readonly (readonly Followed[])[], stored: readonly number[]) {
  const starts: unknown[] = [];
  const layer: Pick<StreamLayer, "follow" | "next"> = {
    async *follow(_stream, { start }) {
      starts.push(start);
      yield* sessions[starts.length - 1] ?? [];
    },
    next: async (_stream, _subject, fromSeq) => {
      const found = stored.find((seq) => seq >= fromSeq);
      return found === undefined ? undefined : message(found);
    },
  };
  return { starts, transport: makeTransport(layer as StreamLayer, "p") };
}

const caughtUp: Followed = { type: "caught-up" };

test("a read whose messages went in favour of a later one gives that one", async () => {
  const { starts, transport } = aLayer(
    [[caughtUp], [{ type: "message", message: message(9) }, caughtUp]],
    [9],
  );

  const read = await Array.fromAsync(transport.read("RUNS", "s"));

  expect(read.map(({ seq }) => seq)).toEqual([9]);
  expect(starts).toEqual([{ seq: 1 }, { seq: 9 }]);
});

test("a read of an empty subject ends, and one that gave something is not made again", async () => {
  const empty = aLayer([[caughtUp]], []);
  expect(await Array.fromAsync(empty.transport.read("RUNS", "s"))).toEqual([]);

  const some = aLayer([[{ type: "message", message: message(2) }, caughtUp]], [2, 9]);
  expect((await Array.fromAsync(some.transport.read("RUNS", "s"))).map(({ seq }) => seq)).toEqual([2]);
  expect(some.starts).toHaveLength(1);
});
