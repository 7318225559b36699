// Going on with a workflow that failed, repeating one, and removing one, with real processes.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Counter } from "./fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

const manifest = (counter: Counter): string => `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { name: build }
spec:
  entrypoint: main
  arguments: { parameters: [{ name: code, value: "1" }] }
  templates:
    - name: main
      steps:
        - [{ name: fetch, template: fetch }]
        - [{ name: check, template: check, arguments: { parameters: [{ name: what, value: "{{steps.fetch.outputs.result}}" }] } }]
    - name: fetch
      script: { image: "alpine:3.6", command: [bash], source: '${counter.say("fetch")}; echo it' }
    - name: check
      inputs: { parameters: [{ name: what }] }
      container:
        image: alpine:3.6
        command: [bash, -c]
        args: ['${counter.say("check-{{inputs.parameters.what}}")}; exit {{workflow.parameters.code}}']
`;

interface Run {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status: { readonly phase: string };
}

test("a retry runs only what failed, also over a kill -9; a memoized repeat takes over the rest", async () => {
  await using counter = await Counter.listen();
  await using sluice = await SluiceProcess.start();
  const file = join(sluice.folder, "build.yaml");
  await writeFile(file, manifest(counter));
  expect((await sluice.run("submit", file, "--wait")).code).toBe(1);
  expect([counter.of("fetch"), counter.of("check-it")]).toEqual([1, 1]);

  expect((await sluice.run("retry", "build", "--wait")).code).toBe(1);
  expect([counter.of("fetch"), counter.of("check-it")]).toEqual([1, 2]);

  const memoized = await sluice.run("resubmit", "build", "--memoized", "-p", "code=0", "--wait", "--json");
  expect(memoized.code, memoized.stderr).toBe(0);
  expect([counter.of("fetch"), counter.of("check-it")]).toEqual([1, 3]);

  const retried = sluice.run("retry", "build", "-p", "code=0");
  await retried;
  await sluice.kill();
  await sluice.up();
  expect((await sluice.run("wait", "build")).code).toBe(0);
  expect([counter.of("fetch"), counter.of("check-it")]).toEqual([1, 4]);
  const run = await sluice.json<Run>("GET", "/api/v1/workflows/default/build");
  expect(run.status.phase).toBe("Succeeded");
  const again = await sluice.run("retry", "build");
  expect(again.code).not.toBe(0);
  expect(again.stderr).toContain("To retry a succeeded workflow, set the options restartSuccessful");
});
