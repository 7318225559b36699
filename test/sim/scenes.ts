// Runs of the engine itself, for what the pure world of chance (chaos.ts) has no part in: definitions from outside of the
// run, commands of people, and the end of a journal.
import { setImmediate } from "node:timers/promises";
import type { RunKey } from "@sluice/bus";
import type { Fact } from "@sluice/engine";
import {
  aWorkflow,
  EngineBench,
  type EngineProcess,
  ManualExecutor,
  shTemplate,
} from "@sluice/engine/testing";
import type { Workflow } from "@sluice/spec";

type Engine = EngineProcess & { readonly executor: ManualExecutor };

interface Scene {
  readonly workflow: Workflow;
  /** What people do while it runs. */
  play(engine: Engine, key: RunKey): Promise<void>;
}

const by = "ann";
const says = (value: object) =>
  shTemplate("say", {
    inputs: { parameters: [{ name: "message" }] },
    container: { image: "alpine", args: ["{{inputs.parameters.message}}"] },
    ...value,
  });
const step = (name: string, template: string, more: object = {}) => ({ name, template, ...more });
const fromMap = {
  parameters: [{ name: "message", valueFrom: { configMapKeyRef: { name: "{{item}}", key: "msg" } } }],
};
const suspended = {
  name: "wait",
  suspend: {},
  outputs: { parameters: [{ name: "answer", valueFrom: { supplied: {} } }] },
};

const scenes: Readonly<Record<string, Scene>> = {
  // A map of a known name is fixed at the start, one whose name a step makes is read on the way, one has no such key.
  "config-maps": {
    workflow: aWorkflow({
      templates: [
        {
          name: "main",
          steps: [
            [
              step("a", "say", {
                withItems: ["one", "two", "none"],
                arguments: fromMap,
                continueOn: { error: true },
              }),
            ],
          ],
        },
        says({}),
      ],
    }),
    play: async () => {},
  },
  "templates-and-labels": {
    workflow: aWorkflow({
      templates: [
        {
          name: "main",
          steps: [[{ name: "one", templateRef: { name: "lib", template: "say" } }], [step("two", "wait")]],
        },
        suspended,
      ],
    }),
    async play({ directory, executor }, key) {
      const { id } = await executor.started(() => true);
      await directory.label(key, {
        by,
        labels: { team: "red", "workflows.argoproj.io/x": null },
        annotations: { note: "n" },
      });
      executor.end(id, {});
      await directory.label(key, { by, labels: { team: null } });
      await directory.set(key, {
        by,
        nodeFieldSelector: "displayName=two",
        outputParameters: { answer: "42" },
        message: "so be it",
      });
      await directory.resume(key, { by });
    },
  },
  "no-limit": {
    workflow: aWorkflow({
      templates: [
        shTemplate("main", {
          synchronization: { semaphores: [{ configMapKeyRef: { name: "limits", key: "two" } }] },
        }),
      ],
    }),
    play: async () => {},
  },
  // What one step says of itself is stored with the end of the other.
  "progress-and-estimate": {
    workflow: aWorkflow({
      templates: [{ name: "main", steps: [[step("a", "sh"), step("b", "sh")]] }, shTemplate("sh")],
    }),
    async play({ executor }) {
      const a = await executor.started(({ node }) => node.name.endsWith(".a"));
      const b = await executor.started(({ node }) => node.name.endsWith(".b"));
      executor.progress(a.id, "1/4");
      executor.end(b.id, {});
      executor.end(a.id, {});
    },
  },
  deletion: {
    workflow: aWorkflow({}),
    async play({ directory, executor }, key) {
      await executor.started(() => true);
      await directory.delete(key, { by });
    },
  },
};

export const sceneNames = Object.keys(scenes);

/** Every fact of the run, to the last one before its journal went. */
export async function playScene(name: string): Promise<readonly Fact[]> {
  const { workflow, play } = scenes[name] as Scene;
  await using bench = new EngineBench();
  const key = { namespace: "default", name: workflow.metadata.name ?? "" };
  const isHeld = ["templates-and-labels", "progress-and-estimate", "deletion"].includes(name);
  const now = () => bench.clock.now();
  const executor = new ManualExecutor({ now, ...(isHeld ? {} : { script: () => ({ result: "done" }) }) });
  const engine = bench.start(executor, {
    estimates: {
      estimate: async () =>
        name === "progress-and-estimate" ? { seconds: 40, nodes: { "": 40, "[0].a": 30 } } : undefined,
    },
    definitions: {
      template: async (place) => (place.name === "lib" ? { templates: [shTemplate("say")] } : undefined),
      configMap: async (_, map) =>
        map === "none"
          ? undefined
          : { labels: { "workflows.argoproj.io/configmap-type": "Parameter" }, data: { msg: `from ${map}` } },
    },
  });
  const facts: Fact[] = [];
  const sealed = Promise.withResolvers<void>();
  const stop = new AbortController();
  const following = (async () => {
    for await (const item of bench.stores.journal<Fact>().follow(stop.signal)) {
      if (item.type !== "record") continue;
      facts.push(...item.record.facts);
      if (facts.at(-1)?.type === "sealed") sealed.resolve();
    }
  })();
  await engine.directory.submit(workflow, { namespace: "default", by: { kind: "api", user: by } });
  const played = play(Object.assign(engine, { executor }), key);
  let isSealed = false;
  void sealed.promise.then(() => {
    isSealed = true;
  });
  while (!isSealed) {
    await bench.clock.advanceBy(1_000);
    await setImmediate();
  }
  await played;
  stop.abort();
  await following;
  return facts;
}
