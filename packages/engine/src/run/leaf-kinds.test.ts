import { describe, expect, test } from "vitest";
import { aWorkflow, runToEnd } from "../testing/index.ts";

describe("a step of type http", () => {
  const http = aWorkflow({
    parallelism: 1,
    templates: [
      {
        name: "main",
        steps: [
          [
            {
              name: "get",
              template: "get",
              arguments: { parameters: [{ name: "q", value: `" || true || "` }] },
            },
          ],
          [
            {
              name: "show",
              template: "show",
              arguments: { parameters: [{ name: "m", value: "{{steps.get.outputs.result}}" }] },
            },
          ],
        ],
      },
      {
        name: "get",
        inputs: { parameters: [{ name: "q" }] },
        http: {
          url: "http://x/{{inputs.parameters.q}}",
          body: "{{workflow.name}}",
          successCondition: `response.body contains "{{inputs.parameters.q}}" && response.statusCode == {{= 100 + 100 }}`,
        },
      },
      {
        name: "show",
        inputs: { parameters: [{ name: "m" }] },
        container: { image: "alpine", command: ["echo"], args: ["{{inputs.parameters.m}}"] },
      },
    ],
  });

  test("is a node of type HTTP without exit code, whose body is the result of the next", () => {
    const ended = runToEnd(http, (step) => (step.work.kind === "http" ? { result: "body" } : {}));

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.node("get")).toMatchObject({
      type: "HTTP",
      phase: "Succeeded",
      outputs: { result: "body" },
    });
    expect(ended.node("get").outputs).not.toHaveProperty("exitCode");
    expect(ended.started[1]?.work).toMatchObject({ container: { args: ["body"] } });
    expect(ended.run.podCount).toBe(1);
  });

  test("gets its condition with the tags' values beside it, never in it", () => {
    const [step] = runToEnd(http).started;

    expect(step?.work).toMatchObject({
      kind: "http",
      http: { url: `http://x/" || true || "`, body: "wf" },
    });
    const success = step?.work.kind === "http" ? step.work.success : undefined;
    expect(success?.text).toMatch(
      /^response.body contains "\{\{inputs.parameters.q\}\}" && response.statusCode == \{\{_value\d+\}\}$/,
    );
    expect(Object.values(success?.tags ?? {}).toSorted()).toEqual([`" || true || "`, "200"]);
  });

  test("fails in the executor's own words, and is an Error where it could not be done", () => {
    const failed = runToEnd(http, () => ({ exitCode: 1, message: "received non-2xx response code: 404" }));
    expect(failed.node("get")).toMatchObject({
      phase: "Failed",
      message: "received non-2xx response code: 404",
    });

    const broken = runToEnd(http, () => ({
      exitCode: 1,
      error: true,
      message: "error processing task: no answer",
    }));
    expect(broken.node("get")).toMatchObject({ phase: "Error", message: "error processing task: no answer" });
  });
});
