// Promises broken on purpose: kill -9 of the whole server at each hop of an event's life.
import { failpointNames } from "@sluice/base";
import { describe, expect, test } from "vitest";
import { freePort } from "../free-port.ts";
import {
  Counter,
  listWorkflows,
  manifestFile,
  submittingSensor,
  webhookSource,
  workflowsEnded,
} from "./fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

const threeSteps = (counter: Counter): string => `
entrypoint: main
templates:
  - name: main
    steps:
      - [{ name: a, template: say, arguments: { parameters: [{ name: word, value: a }] } }]
      - [{ name: b, template: say, arguments: { parameters: [{ name: word, value: b }] } }]
      - [{ name: c, template: say, arguments: { parameters: [{ name: word, value: c }] } }]
  - name: say
    inputs: { parameters: [{ name: word }] }
    container:
      image: alpine:3.6
      command: [bash, -c]
      args: ['${counter.say("{{inputs.parameters.word}}")}']
`;

/** Sends one delivery until it is answered with a yes, as a real sender does; the process is started again when it died. */
async function deliver(sluice: SluiceProcess, port: number, files: readonly string[]): Promise<void> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/push`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-github-delivery": "the-one" },
      body: "{}",
    }).catch(() => undefined);
    if (answer?.status === 200) return;
    await sluice.ended;
    await sluice.up({ files });
  }
}

describe("kill -9 of the server", () => {
  test.each(failpointNames)(
    "at '%s' leaves one workflow, with no finished step run twice",
    async (failpoint) => {
      const port = await freePort();
      await using counter = await Counter.listen();
      await using sluice = await SluiceProcess.prepare();
      const files = [
        await manifestFile(sluice, webhookSource(port), submittingSensor({ spec: threeSteps(counter) })),
      ];
      await sluice.up({ files, env: { SLUICE_FAILPOINT: failpoint } });
      const died = sluice.ended;

      await deliver(sluice, port, files);
      expect(await died).toBe("SIGKILL");
      // A failpoint behind the answer kills it after the sender is satisfied.
      if (!sluice.running) await sluice.up({ files });
      const ended = await workflowsEnded(sluice, 1);

      expect(ended.map((workflow) => workflow.status?.phase)).toEqual(["Succeeded"]);
      expect(["a", "b", "c"].map((word) => counter.of(word))).toEqual([1, 1, 1]);
    },
  );

  test("in the middle of a step: the step goes on, is adopted, and is not run again", async () => {
    await using counter = await Counter.listen();
    await using sluice = await SluiceProcess.prepare();
    const port = await freePort();
    const spec = `
entrypoint: main
templates:
  - name: main
    steps:
      - [{ name: slow, template: slow }]
      - [{ name: after, template: after }]
  - name: slow
    container:
      image: alpine:3.6
      command: [bash, -c]
      args: ['${counter.say("begun")}; sleep 3; ${counter.say("ended")}']
  - name: after
    container: { image: "alpine:3.6", command: [bash, -c], args: ['${counter.say("after")}'] }
`;
    const files = [await manifestFile(sluice, webhookSource(port), submittingSensor({ spec }))];
    await sluice.up({ files });
    await deliver(sluice, port, files);
    await counter.said("begun");

    await sluice.kill();
    await sluice.up({ files });
    const ended = await workflowsEnded(sluice, 1);

    expect(ended.map((workflow) => workflow.status?.phase)).toEqual(["Succeeded"]);
    expect(["begun", "ended", "after"].map((word) => counter.of(word))).toEqual([1, 1, 1]);
  });
});

describe("the bus", () => {
  test("killed again and again under load loses nothing that was acknowledged, and doubles nothing", async () => {
    const port = await freePort();
    await using counter = await Counter.listen();
    await using sluice = await SluiceProcess.prepare();
    const spec = `
entrypoint: say
templates:
  - name: say
    container: { image: "alpine:3.6", command: [bash, -c], args: ['${counter.say("ran")}'] }
`;
    const files = [await manifestFile(sluice, webhookSource(port), submittingSensor({ spec }))];
    await sluice.up({ files });
    const { nats } = await sluice.json<{ nats: { pid: number } }>("GET", "/api/v1/sluice/doctor");
    let pid = nats.pid;
    const accepted: string[] = [];

    for (let i = 0; i < 60; i++) {
      if (i % 20 === 10) process.kill(pid, "SIGKILL");
      const id = `load-${i}`;
      for (;;) {
        const answer = await fetch(`http://127.0.0.1:${port}/push`, {
          method: "POST",
          headers: { "content-type": "application/json", "idempotency-key": id },
          body: "{}",
        });
        if (answer.status === 200) break;
        expect(answer.status).toBe(503);
        expect(answer.headers.get("retry-after")).not.toBeNull();
      }
      accepted.push(id);
      if (i % 20 === 19)
        pid = (await sluice.json<{ nats: { pid: number } }>("GET", "/api/v1/sluice/doctor")).nats.pid;
    }
    await workflowsEnded(sluice, accepted.length);

    const phases = (await listWorkflows(sluice)).map((workflow) => workflow.status?.phase);
    expect(phases).toEqual(accepted.map(() => "Succeeded"));
    expect(counter.of("ran")).toBe(accepted.length);
  });
});
