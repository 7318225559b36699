import { fnv32a } from "@sluice/base";
import { describe, expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { runToEnd } from "../testing/run-to-end.ts";

const child = (displayName: string, ended: ReturnType<typeof runToEnd>) => ended.node(displayName).id;

describe("a steps template", () => {
  test("runs its groups in order and names nodes as Argo does", () => {
    const ended = runToEnd(
      aWorkflow({
        templates: [
          {
            name: "main",
            steps: [
              [{ name: "hello1", template: "say" }],
              [
                { name: "a", template: "say" },
                { name: "b", template: "say" },
              ],
            ],
          },
          shTemplate("say"),
        ],
      }),
    );

    expect(ended.tree()).toEqual([
      "wf Steps Succeeded",
      "[0] StepGroup Succeeded",
      "hello1 Pod Succeeded",
      "[1] StepGroup Succeeded",
      "a Pod Succeeded",
      "b Pod Succeeded",
    ]);
    expect(ended.node("hello1")).toMatchObject({
      name: "wf[0].hello1",
      id: `wf-${fnv32a("wf[0].hello1")}`,
      boundaryId: "wf",
      templateName: "say",
      children: [child("[1]", ended)],
    });
    expect(ended.node("wf").outboundNodes).toEqual([child("a", ended), child("b", ended)]);
    expect(ended.run.phase).toBe("Succeeded");
  });

  test("fails with the id of the child that failed, and starts no later group", () => {
    const ended = runToEnd(
      aWorkflow({
        templates: [
          { name: "main", steps: [[{ name: "bad", template: "say" }], [{ name: "never", template: "say" }]] },
          shTemplate("say"),
        ],
      }),
      () => ({ exitCode: 1 }),
    );

    const message = `child '${child("bad", ended)}' failed`;
    expect(ended.tree()).toEqual([
      `wf Steps Failed ${message}`,
      `[0] StepGroup Failed ${message}`,
      "bad Pod Failed main: Error (exit code 1)",
    ]);
    expect(ended.run).toMatchObject({ phase: "Failed", message });
  });

  test("flattens a child's Error to Failed, and forgives only what continueOn names", () => {
    const of = (continueOn: { failed?: boolean; error?: boolean }) =>
      runToEnd(
        aWorkflow({
          templates: [
            { name: "main", steps: [[{ name: "x", template: "say", continueOn }]] },
            shTemplate("say"),
          ],
        }),
        () => ({ lost: "pod deleted" }),
      ).run.phase;

    expect(of({})).toBe("Failed");
    expect(of({ failed: true })).toBe("Failed");
    expect(of({ error: true })).toBe("Succeeded");
  });

  test("recurses until the coin shows heads", () => {
    let flips = 0;
    const ended = runToEnd(
      aWorkflow({
        entrypoint: "coinflip",
        templates: [
          {
            name: "coinflip",
            steps: [
              [{ name: "flip-coin", template: "flip" }],
              [
                { name: "heads", template: "say", when: "{{steps.flip-coin.outputs.result}} == heads" },
                { name: "tails", template: "coinflip", when: "{{steps.flip-coin.outputs.result}} == tails" },
              ],
            ],
          },
          { name: "flip", script: { image: "python:alpine3.6", command: ["python"], source: "…" } },
          shTemplate("say"),
        ],
      }),
      (step) => (step.node.template === "flip" ? { result: ++flips === 3 ? "heads" : "tails" } : {}),
    );

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.node("wf[1].tails[1].tails[1].heads").phase).toBe("Succeeded");
    expect(ended.node("wf[1].heads")).toMatchObject({
      type: "Skipped",
      phase: "Skipped",
      message: "when 'tails == heads' evaluated false",
    });
    expect(ended.started.every((s) => s.captureResult === (s.node.template === "flip"))).toBe(true);
  });
});

describe("an output in a when", () => {
  const two = aWorkflow({
    templates: [
      {
        name: "main",
        steps: [
          [{ name: "ask", template: "say" }],
          [
            { name: "pay", template: "say", when: "{{steps.ask.outputs.result}} == yes" },
            { name: "lone", template: "say", when: "{{steps.ask.outputs.result}}" },
          ],
        ],
      },
      shTemplate("say"),
    ],
  });
  const answer = (result: string) => (step: { readonly node: { readonly name: string } }) =>
    step.node.name.endsWith(".ask") ? { result } : {};

  test("is one value, whatever it reads like", () => {
    const ended = runToEnd(two, answer("a == a || true"));

    expect(ended.node("pay")).toMatchObject({ phase: "Skipped" });
    expect(ended.node("lone")).toMatchObject({
      phase: "Error",
      message: "Expected boolean evaluation for 'a == a || true'. Got a == a || true",
    });
  });

  test("brings operators where the workflow's annotation says so, as in Argo", () => {
    const annotations = { "sluice.dev/when-values": "expression" };
    const ended = runToEnd({ ...two, metadata: { ...two.metadata, annotations } }, answer("1 == 1"));

    expect(ended.node("lone").phase).toBe("Succeeded");
    expect(ended.node("pay").message).toBe("when '1 == 1 == yes' evaluated false");
  });
});
