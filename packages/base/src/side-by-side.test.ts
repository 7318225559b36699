import { expect, test } from "vitest";
import { sideBySide } from "./side-by-side.ts";

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

test("one loop that throws stops the others, and its error comes when all have ended", async () => {
  const ended: string[] = [];
  const patient = async (signal: AbortSignal) => {
    await untilAborted(signal);
    ended.push("patient");
  };
  const broken = async () => {
    throw new Error("broken");
  };

  await expect(sideBySide(new AbortController().signal, [patient, broken])).rejects.toThrow("broken");

  expect(ended).toEqual(["patient"]);
});

test("all loops end with the signal, also one that is aborted before", async () => {
  const stop = new AbortController();
  const running = sideBySide(stop.signal, [untilAborted, untilAborted]);
  stop.abort();
  await running;
  await sideBySide(stop.signal, [untilAborted]);
});
