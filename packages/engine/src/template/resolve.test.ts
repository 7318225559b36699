import type { Template } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { aWorkflow } from "../testing/a-workflow.ts";
import { runToEnd } from "../testing/run-to-end.ts";

describe("templateDefaults", () => {
  const started = (defaults: Partial<Template>, main: Partial<Template>) =>
    runToEnd(aWorkflow({ templateDefaults: defaults as Template, templates: [{ name: "main", ...main }] }));

  test("merge lists by their names, and the template's entries win", () => {
    const defaults = {
      container: {
        image: "default",
        env: [
          { name: "BOTH", value: "default" },
          { name: "ONE", value: "1" },
        ],
        volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        args: ["default"],
      },
      volumes: [{ name: "tmp", emptyDir: {} }],
      inputs: { parameters: [{ name: "more", value: "m" }] },
    };
    const { run, started: steps } = started(defaults, {
      container: {
        image: "own",
        env: [
          { name: "OWN", value: "o" },
          { name: "BOTH", value: "own" },
        ],
        args: ["{{inputs.parameters.more}}"],
      },
    });

    expect(run.phase).toBe("Succeeded");
    expect(steps[0]?.work).toMatchObject({ container: { image: "own", args: ["m"] } });
    const work = steps[0]?.work;
    const container = work?.kind === "container" ? work.container : undefined;
    expect(container?.volumeMounts).toEqual([{ name: "tmp", mountPath: "/tmp" }]);
    expect(new Map((container?.env ?? []).map(({ name, value }) => [name, value]))).toEqual(
      new Map([
        ["OWN", "o"],
        ["BOTH", "own"],
        ["ONE", "1"],
      ]),
    );
    expect(steps[0]?.pod).toMatchObject({ volumes: [{ name: "tmp" }] });
  });

  test("of another type of template do not count", () => {
    const { started: steps } = started(
      { script: { image: "no", source: "no" } },
      { container: { image: "own", command: ["true"] } },
    );
    expect(steps[0]?.work).toMatchObject({ kind: "container", container: { image: "own" } });
  });
});
