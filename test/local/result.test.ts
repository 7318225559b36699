// The result of a step that says much: its end, whole characters, and no more memory than for one that says little.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { shStep } from "@sluice/engine/testing";
import { expect, test } from "vitest";
import { makeLocalBench } from "./local-bench.ts";

const resultBytes = 256 * 1_024;
const mebibyte = 1_048_576;
const line = "é".repeat(500);

/** What is held in buffers, and not only not collected yet. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // What the first one lets go of is swept by the time that the second one is through.
  collect();
  collect();
  return process.memoryUsage().arrayBuffers;
}

test.each([
  ["a line that never ends", `yes é | tr -d '\\n' | head -c 100000000`, "é".repeat(resultBytes / 2 - 1)],
  ["many lines", `yes ${line} | head -c 99999900`, `${line}\n`.repeat(261)],
])(
  "a step that says 100 MB in %s has exactly the end as its result, in bounded memory",
  async (_, script, end) => {
    await using bench = await makeLocalBench("process");
    await using executor = await bench.open();
    const step = shStep(`${script}; printf x`, { captureResult: true });
    const stop = new AbortController();
    const before = heldBytes();
    let [held, longest, said, looked] = [0, 0, 0, 0];

    await executor.start(step);
    let result: string | undefined;
    for await (const event of executor.events(stop.signal)) {
      if (event.type === "output")
        for (const { text } of event.lines) {
          longest = Math.max(longest, Buffer.byteLength(text));
          said += Buffer.byteLength(text);
        }
      if (said - looked > 8 * mebibyte) {
        looked = said;
        held = Math.max(held, heldBytes() - before);
      }
      if (event.type !== "finished") continue;
      result = event.result;
      stop.abort();
    }
    await executor.forget(step.id);

    expect(Buffer.byteLength(result ?? "")).toBeGreaterThan(resultBytes - 4);
    expect(result?.endsWith(`${end}x`)).toBe(true);
    expect(result).not.toContain("\uFFFD");
    expect(longest).toBeLessThanOrEqual(64 * 1_024);
    expect(looked).toBeGreaterThan(32 * mebibyte);
    expect(held).toBeLessThan(4 * mebibyte);
  },
  60_000,
);
