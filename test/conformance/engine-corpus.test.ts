// Every public workflow example that needs only the engine, and that lint accepts, is run to its end by the engine's pure
// core; a script answers for the steps. What lint accepts must run, and end as the incumbent's does.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import {
  AskWorld,
  definitionsAmong,
  type Ended,
  PureRun,
  type Script,
  type ScriptedEnd,
} from "@sluice/engine/testing";
import { hasErrors, lintManifests, loadManifests, Workflow } from "@sluice/spec";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const corpus = resolve(root, process.env["SLUICE_CORPUS"] ?? "../shared/corpus");
const absent = !existsSync(join(corpus, "expected.tsv"));
const title = absent ? `the corpus (skipped: there is none at ${corpus})` : "the corpus";

interface Example {
  readonly name: string;
  readonly phases: readonly string[];
  readonly workflow: Workflow;
}

/** The examples of group `a` that lint accepts. */
function examples(): readonly Example[] {
  const rows = readFileSync(join(corpus, "expected.tsv"), "utf8").trim().split("\n").slice(1);
  return rows.flatMap((row) => {
    const [path = "", needs = "", phase = ""] = row.split("\t");
    const file = path.replace(/#.*$/, "");
    if (!/^a[;+]/.test(needs) || !file.startsWith("argo-workflows/")) return [];
    const { manifests, issues } = loadManifests(readFileSync(join(corpus, file), "utf8"), { file });
    const manifest = manifests[0]?.manifest;
    if (hasErrors([...issues, ...lintManifests(manifests)]) || manifest?.kind !== "Workflow") return [];
    const workflow = Workflow.parse({ ...manifest, metadata: { ...manifest.metadata, name: "wf" } });
    return [
      { name: file.slice("argo-workflows/".length), phases: phase.replace("*", "").split("|"), workflow },
    ];
  });
}

const task = (name: string): string => name.replace(/^.*\./, "");
const failing =
  (...names: string[]): Script =>
  ({ node }) => ({ exitCode: names.includes(task(node.name)) ? 1 : 0 });
const inTurn = (...ends: readonly ScriptedEnd[]): Script => {
  let next = 0;
  return () => ends[Math.min(next++, ends.length - 1)];
};

/** What the steps of an example do, where it matters. Made anew for each run. */
const scripts: Readonly<Record<string, () => Script>> = {
  "coinflip-recursive.yaml": () => inTurn({ result: "tails" }, { result: "tails" }, { result: "heads" }),
  "fibonacci-seq-conditional-param.yaml":
    () =>
    ({ work }) => {
      const [, a, op, b] =
        /print\((\d+) ([+-]) (\d+)\)/.exec(work.kind === "script" ? work.script.source : "") ?? [];
      return { result: String(op === "+" ? Number(a) + Number(b) : Number(a) - Number(b)) };
    },
  "continue-on-fail.yaml": () => failing("C"),
  "dag-continue-on-fail.yaml": () => failing("B", "E"),
  "dag-disable-failFast.yaml": () => (step) => ({ exitCode: /\.C\(\d\)$/.test(step.node.name) ? 1 : 0 }),
  "dag-enhanced-depends.yaml": () => failing("C"),
  "dag-task-level-timeout.yaml": () => () => ({ ms: 15_000 }),
  "exit-code-output-variable.yaml": () => inTurn({ exitCode: 123 }, {}),
  "exit-handlers.yaml": () => inTurn({ exitCode: 1 }, {}),
  "forever.yaml": () => () => ({ forever: true }),
  "loops-arbitrary-sequential-steps.yaml": () => inTurn({}, {}, {}, { exitCode: 1 }),
  "loops-param-result.yaml": () => () => ({
    result: JSON.stringify([20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]),
  }),
  "parameter-aggregation-script.yaml": () => {
    let num = 0;
    return () => {
      num += 1;
      return { result: JSON.stringify({ num, evenness: num % 2 === 0 ? "even" : "odd" }) };
    };
  },
  "recursive-for-loop.yaml": () => {
    let counter = 0;
    return () => ({ result: String(++counter) });
  },
  "retry-conditional.yaml": () => inTurn({ result: "2" }, { exitCode: 2 }, { exitCode: 2 }, { exitCode: 1 }),
  "status-reference.yaml": () => inTurn({ exitCode: 1 }, {}),
  "step-level-timeout.yaml": () => () => ({ ms: 60_000 }),
  "timeouts-step.yaml": () => () => ({ ms: 10_000, exitCode: 143, deadline: true }),
  "withsequence-nested-result.yaml": () => () => ({ result: "2" }),
};
const echo: Script = () => ({ result: "heads" });

/** A person resumes what waits, and gives the outputs that are asked for. */
const answers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "intermediate-parameters.yaml": { approve: "YES" },
  "suspend-template-outputs.yaml": { message: "X" },
};

/** All that the corpus has for its workflows to refer to. */
const companions = absent
  ? []
  : readdirSync(join(corpus, "argo-workflows"), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.ya?ml$/.test(file))
      .flatMap((file) => loadManifests(readFileSync(join(corpus, "argo-workflows", file), "utf8")).manifests)
      .map(({ manifest }) => manifest);

async function runExample({ name, workflow }: Example): Promise<Ended> {
  const script = scripts[name]?.() ?? echo;
  const run = new PureRun(
    workflow,
    (step, state) => ({
      outputs: Object.fromEntries(step.outputPaths.map((path) => [path.name, "hello world"])),
      ...script(step, state),
    }),
    {},
    new AskWorld({}, 3),
  );
  await run.define(definitionsAmong(companions));
  let ended = run.toEnd();
  for (let n = 0; run.run.stage !== "done" && run.run.suspends.size > 0 && n < 10; n++) {
    run.fact({ type: "resume", at: run.now + 1, by: "ann", parameters: answers[name] ?? {} });
    ended = run.toEnd();
  }
  return ended;
}

/** Lines of the tree, and the run's own message, that the example is known by. */
const known: Readonly<Record<string, { readonly message?: string; readonly tree: readonly string[] }>> = {
  "dag-continue-on-fail.yaml": {
    tree: ["G Skipped Omitted omitted: depends condition not met", "D Pod Succeeded"],
  },
  "dag-disable-failFast.yaml": { tree: ["C Retry Failed No more retries left", "E Pod Succeeded"] },
  "dag-task-level-timeout.yaml": { tree: ["B Pod Failed Step exceeded its deadline", "C Pod Succeeded"] },
  "exit-handlers.yaml": {
    message: "main: Error (exit code 1)",
    tree: ["wf Pod Failed main: Error (exit code 1)", "wf.onExit Steps Succeeded"],
  },
  "intermediate-parameters.yaml": { tree: ["deploy-prod Pod Succeeded"] },
  "loops-arbitrary-sequential-steps.yaml": {
    message: "template has failed or errored children and failFast enabled",
    tree: [],
  },
  "loops-maps.yaml": { tree: ["test-linux(0:image:debian,tag:9.1) Pod Succeeded"] },
  "loops-param-result.yaml": { tree: ["sleep(0:20) Pod Succeeded", "sleep(10:30) Pod Succeeded"] },
  "loops-sequence.yaml": { tree: ["sequence-count(4:4) Pod Succeeded"] },
  "retry-conditional.yaml": { tree: [] },
  "step-level-timeout.yaml": { tree: [] },
  "timeouts-step.yaml": {
    message: "Pod was active on the node longer than the specified deadline",
    tree: [],
  },
};

describe.skipIf(absent)(title, () => {
  const all = absent ? [] : examples();

  test("has enough examples that lint accepts", () => {
    expect(all.length).toBeGreaterThanOrEqual(75);
    const names = all.map(({ name }) => name);
    expect([...Object.keys(scripts), ...Object.keys(known)].filter((name) => !names.includes(name))).toEqual(
      [],
    );
  });

  test.each(all.map((example) => [example.name, example] as const))(
    "%s ends as it should",
    async (name, example) => {
      const ended = await runExample(example);

      const shown = [ended.run.message ?? "", ...ended.tree()].join("\n");
      expect(example.phases, shown).toContain(ended.run.phase);
      if (example.phases[0] !== "Running")
        expect([...ended.run.nodes.values()].filter((n) => n.finishedAt === undefined)).toEqual([]);
      // A fault of the engine, told as a node's message.
      expect(shown).not.toMatch(
        /is not a function|Cannot (read|access)|undefined|which this engine does not run/,
      );
      if (known[name] === undefined) return;
      if (known[name].message !== undefined) expect(ended.run.message).toBe(known[name].message);
      expect(ended.tree()).toEqual(expect.arrayContaining([...known[name].tree]));
    },
  );
});
