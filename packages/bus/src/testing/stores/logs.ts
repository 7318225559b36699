import { expect, test } from "vitest";
import { never, take } from "../endless.ts";
import type { StoresGround } from "./ground.ts";

const key = { namespace: "ns", name: "run.1" };

/** LOGS on any Transport. */
export function logsConformance({ make, open }: StoresGround): void {
  test("log lines keep their order and streams, for one node or all", async () => {
    await using bus = await make();
    const { logs } = open(bus);
    const line = (at: number, text: string) => ({ at, stream: "stdout" as const, text });
    await logs.append(key, { id: "n1", attempt: 1 }, [line(1, "a"), { ...line(2, "b"), stream: "stderr" }]);
    await logs.append(key, { id: "n2", attempt: 1 }, [line(3, "c")]);
    expect((await Array.fromAsync(logs.read(key, {}))).map((l) => l.text)).toEqual(["a", "b", "c"]);
    expect(await Array.fromAsync(logs.read(key, { node: "n2" }))).toMatchObject([
      { ...line(3, "c"), nodeId: "n2", attempt: 1 },
    ]);
    expect((await take(logs.read(key, { follow: never() }), 3)).map((l) => l.stream)).toEqual([
      "stdout",
      "stderr",
      "stdout",
    ]);
    await logs.purge(key);
    expect(await Array.fromAsync(logs.read(key, {}))).toEqual([]);
  });

  test("of two writers of one node's lines the one that was overtaken stores nothing", async () => {
    await using bus = await make();
    const { logs } = open(bus);
    const node = { id: "n1", attempt: 0, run: "uid" };
    const line = (text: string) => ({ at: 1, stream: "stdout" as const, text });
    expect(await logs.tail(key, "n1")).toBeUndefined();
    const first = await logs.append(key, node, [line("a")], 0);
    const second = await logs.append(key, node, [line("b")], first);

    await expect(logs.append(key, node, [line("a")], 0)).rejects.toMatchObject({
      code: "BUS_WRONG_SEQUENCE",
    });
    await expect(logs.append(key, node, [line("b")], first)).rejects.toMatchObject({
      code: "BUS_WRONG_SEQUENCE",
    });

    expect(await logs.tail(key, "n1")).toEqual({ ...node, seq: second });
    expect((await Array.fromAsync(logs.read(key, { node: "n1" }))).map((l) => [l.text, l.run])).toEqual([
      ["a", "uid"],
      ["b", "uid"],
    ]);
  });
}
