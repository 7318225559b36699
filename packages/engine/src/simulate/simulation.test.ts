import { SeededRandom } from "@sluice/base";
import { describe, expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { type SimulationOptions, simulate } from "./simulation.ts";

const at = 1_767_225_600_000;
const run = async (workflow: ReturnType<typeof aWorkflow>, more: Partial<SimulationOptions> = {}) =>
  simulate(workflow, {
    at,
    answer: () => ({}),
    person: () => undefined,
    random: new SeededRandom(1),
    ...more,
  });
const steps = (...names: string[]) =>
  aWorkflow({
    templates: [
      { name: "main", steps: names.map((name) => [{ name, template: name }]) },
      ...names.map((name) => shTemplate(name)),
    ],
  });

describe("a simulated run", () => {
  test("takes the time that its answers say, and none of ours", async () => {
    const { run: ended, steps: started } = await run(steps("a", "b"), {
      answer: () => ({ durationMs: 600_000 }),
    });

    expect(ended.phase).toBe("Succeeded");
    expect(ended.finishedAt).toBe(at + 1_200_000);
    expect(started.map((step) => step.startedAt - at)).toEqual([0, 600_000]);
  });

  test("ends a step at its own deadline, and one that never ends when it is told to", async () => {
    const late = aWorkflow({ templates: [shTemplate("main", { activeDeadlineSeconds: 5 })] });
    expect((await run(late, { answer: () => ({ forever: true }) })).workflow.status).toMatchObject({
      phase: "Failed",
      message: "Pod was active on the node longer than the specified deadline",
    });

    const stopped = await run(steps("a"), {
      answer: () => ({ forever: true }),
      commands: [{ type: "stop", strategy: "Terminate", at: at + 3_000, by: "ann" }],
    });
    expect(stopped.run).toMatchObject({ phase: "Failed", finishedAt: at + 3_000 });
  });

  test("makes the artifacts of steps that go well", async () => {
    const workflow = aWorkflow({
      templates: [
        {
          name: "main",
          steps: [
            [{ name: "make", template: "make" }],
            [
              {
                name: "take",
                template: "take",
                arguments: { artifacts: [{ name: "i", from: "{{steps.make.outputs.artifacts.o}}" }] },
              },
            ],
          ],
        },
        shTemplate("make", { outputs: { artifacts: [{ name: "o", path: "/o" }] } }),
        shTemplate("take", { inputs: { artifacts: [{ name: "i", path: "/i" }] } }),
      ],
    });

    const { run: ended, steps: started } = await run(workflow);

    expect(ended.phase).toBe("Succeeded");
    expect(started[1]?.request.artifacts?.inputs).toMatchObject([{ name: "i", path: "/i" }]);
  });

  test("lets a person answer, and says who still waits when nobody does", async () => {
    const workflow = aWorkflow({
      templates: [
        { name: "main", steps: [[{ name: "approve", template: "ask" }]] },
        { name: "ask", suspend: {}, outputs: { parameters: [{ name: "ok", valueFrom: { supplied: {} } }] } },
      ],
    });

    const answered = await run(workflow, { person: () => ({ afterMs: 60_000, outputs: { ok: "yes" } }) });
    expect(answered.run).toMatchObject({ phase: "Succeeded", finishedAt: at + 60_000 });

    const alone = await run(workflow);
    expect(alone.run.stage).toBe("main");
    expect(alone.waiting.map((node) => node.displayName)).toEqual(["approve"]);
  });

  test("passes locks one after the other, and takes templates from what it is given", async () => {
    const workflow = aWorkflow({
      templates: [
        {
          name: "main",
          steps: [
            [
              { name: "a", templateRef: { name: "lib", template: "one" } },
              { name: "b", templateRef: { name: "lib", template: "one" } },
            ],
          ],
        },
      ],
    });
    const one = shTemplate("one", { synchronization: { mutexes: [{ name: "m" }] } });
    const definitions = {
      template: async () => aWorkflow({ templates: [one] }).spec,
      configMap: async () => undefined,
    };

    const { run: ended, steps: started } = await run(workflow, { definitions });
    expect(ended.phase).toBe("Succeeded");
    expect(started.map((step) => step.startedAt - at)).toEqual([0, 1_000]);
  });

  test("is the same each time", async () => {
    const once = async () =>
      (await run(steps("a", "b"), { answer: () => ({ exitCode: 1, message: "OOMKilled" }) })).workflow;
    expect(await once()).toEqual(await once());
    expect((await once()).status.message).toMatch(/^child '.*' failed$/);
  });
});
