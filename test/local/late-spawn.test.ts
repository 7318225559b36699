// An engine that stands still between the decision to start a step and the step itself, for as long as it takes another to
// run the step and to forget it.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Logger, silentLogger } from "@sluice/base";
import type { Executor, StepRequest } from "@sluice/engine";
import { EventReader, shStep } from "@sluice/engine/testing";
import { describe, expect, test } from "vitest";
import { Counter } from "../e2e/fixtures.ts";
import { candidateFor, candidatesHere, makeLocalBench } from "./local-bench.ts";

const candidates = await candidatesHere();

/** Says that it ran, to a server that every kind of sandbox can reach. */
const counted = (counter: Counter): StepRequest =>
  shStep("", {
    work: { kind: "script", script: { image: "alpine:3", command: ["bash"], source: counter.say("ran") } },
  });

/** Has the step run to its end and forgotten, as the engine that took the run over does. */
async function runAndForget(executor: Executor, step: StepRequest): Promise<void> {
  await using reader = new EventReader(executor);
  expect((await executor.adopt([step], () => false)).attached).toEqual([]);
  await executor.start(step);
  expect(await reader.ended(step.id)).toMatchObject({ exitCode: 0 });
  await executor.forget(step.id);
}

/** A log, and when it said that another engine was faster. */
function listening() {
  const late = Promise.withResolvers<void>();
  const warn = (message: string) => {
    if (message.startsWith("a step was run by another engine")) late.resolve();
  };
  const log: Logger = { ...silentLogger, warn, child: () => log };
  return { log, late: late.promise };
}

for (const isolation of ["process", "namespaces", "namespaces-unprivileged"] as const) {
  const { ok, reason } = candidateFor(candidates, isolation);
  describe.skipIf(!ok)(`an executor with isolation ${isolation}${ok ? "" : ` (skipped: ${reason})`}`, () => {
    test("frozen after it was told that it may, runs nothing, says nothing and leaves nothing", async () => {
      await using counter = await Counter.listen();
      await using site = await makeLocalBench(isolation);
      const heard = listening();
      await using late = await site.open({ log: heard.log });
      await using reader = new EventReader(late);
      await using other = await site.open();
      const step = counted(counter);

      await late.start(step, async () => {
        await runAndForget(other, step);
        return true;
      });
      await heard.late;

      await counter.said("ran");
      expect(counter.of("ran")).toBe(1);
      expect(reader.events).toEqual([]);
      await other.adopt([]);
      expect(readdirSync(join(site.stateDir, "steps"))).toEqual([]);
    });

    test("thawed when the step's folder was made anew by one who may not, runs nothing in it", async () => {
      await using counter = await Counter.listen();
      await using site = await makeLocalBench(isolation);
      const heard = listening();
      await using late = await site.open({ log: heard.log });
      await using other = await site.open();
      await using third = await site.open();
      const step = counted(counter);
      const stands = Promise.withResolvers<boolean>();

      await late.start(step, async () => {
        await runAndForget(other, step);
        await third.start(step, () => stands.promise);
        return true;
      });
      await heard.late;
      stands.resolve(false);

      await counter.said("ran");
      expect(counter.of("ran")).toBe(1);
    });

    test("that may not start a step leaves its folder to the one who is there, and none where nobody is", async () => {
      await using counter = await Counter.listen();
      await using site = await makeLocalBench(isolation);
      await using late = await site.open();
      await using other = await site.open();
      await using reader = new EventReader(other);
      const [step, alone] = [counted(counter), counted(counter)];
      const [asked, denied] = [Promise.withResolvers<void>(), Promise.withResolvers<boolean>()];
      const askedAlone = Promise.withResolvers<void>();

      await late.start(alone, async () => {
        askedAlone.resolve();
        return false;
      });
      await askedAlone.promise;
      await late.start(step, () => {
        asked.resolve();
        return denied.promise;
      });
      await asked.promise;
      await other.start(step);
      denied.resolve(false);

      expect(await reader.ended(step.id)).toMatchObject({ exitCode: 0 });
      await counter.said("ran");
      expect(counter.of("ran")).toBe(1);
      await other.forget(step.id);
      expect(readdirSync(join(site.stateDir, "steps"))).toEqual([]);
    });
  });
}
