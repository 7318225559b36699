import { expect, test } from "vitest";
import { createRun } from "../../run/create.ts";
import { aWorkflow, submission } from "../../testing/a-workflow.ts";
import type { LoopDeps } from "../deps.ts";
import { StepSlots } from "./slots.ts";
import { StepStarter } from "./step-starter.ts";

// Seed 2497 of three engines: an engine lost its shards while its executor told which steps it had attached to.
test("who has left takes no slot for what was still under way", () => {
  const slots = new StepSlots(2);
  const deps = { slots } as unknown as LoopDeps;
  const told = { refused: () => undefined, cancelled: () => undefined };
  const starter = new StepStarter(deps, createRun(submission(aWorkflow())), undefined, told);
  starter.attached(["a"]);
  expect(slots.busy).toBe(1);

  starter.leave();
  starter.attached(["a", "b"]);
  starter.want("c");

  expect([slots.busy, slots.waiting]).toEqual([0, 0]);
});
