// How long a step takes on Kubernetes, from `start` to its `finished`, against a bare pod in the same run.
// Then the same through the whole of Sluice: steps in a row as a workflow, against as many bare pods in a row.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import type { Executor, StepEvent, StepRequest } from "@sluice/engine";
import { makeKubernetesExecutor } from "@sluice/executor";
import { type KubeClient, loadKubeConfig, makeKubeClient, resources } from "@sluice/kube";
import { SluiceProcess } from "../e2e/sluice-process.ts";
import { distribution, goal, machine, report } from "./report.ts";

const image = "alpine:3.6";
const rounds = 15;
const stepsInARow = 5;
const workflows = 7;
const kubeconfig = await clusterInUse();
if (kubeconfig === undefined) {
  console.log("skipped: no cluster answers; start one with `test/kube/cluster.sh up`, or set KUBECONFIG");
  process.exit(0);
}
console.log(machine());

await using client = makeKubeClient(await loadKubeConfig({ kubeconfig }));
const namespace = `bench-${systemRandom.id().slice(0, 8)}`;
await client.create(resources.namespaces, { metadata: { name: namespace } });
const executor = makeKubernetesExecutor({
  client,
  clock: systemClock,
  random: systemRandom,
  log: silentLogger,
  installId: namespace,
  namespaces: [namespace],
  podDefaults: { imagePullPolicy: "IfNotPresent" },
});
const stop = new AbortController();
const waiting = new Map<string, (event: StepEvent) => void>();
const forgetting: Promise<void>[] = [];
const reading = read(executor, stop.signal);
await executor.adopt([]);

try {
  const kinds: Record<string, () => Promise<void>> = {
    "bare pod, create to seen Succeeded (floor)": () => barePod(client),
    "container step, start to finished": () => step(containerStep()),
    "script step with result": () => step(scriptStep("echo heads")),
    "bare pod that runs 1.3 s": () => barePod(client, "1.3"),
    "script step that runs 1.3 s": () => step(scriptStep("sleep 1.3")),
  };
  const times = new Map<string, number[]>(Object.keys(kinds).map((name) => [name, []]));
  // Interleaved, so that whatever else the machine does falls on all alike.
  for (let round = 0; round <= rounds; round++)
    for (const [name, run] of Object.entries(kinds)) {
      const ms = await timed(run);
      if (round > 0) times.get(name)?.push(ms);
    }
  const rows = [...times].map(([name, values]) => distribution(name, values));
  report("A step on Kubernetes", rows.slice(0, 3));
  report("A step that runs 1.3 s", rows.slice(3));
  const many = Array.from({ length: 10 });
  console.log(
    `ten bare pods at once: ${Math.round(await timed(() => all(many.map(() => barePod(client)))))} ms`,
  );
  console.log(
    `ten script steps at once: ${Math.round(await timed(() => all(many.map(() => step(scriptStep("echo x"))))))} ms`,
  );
  await rowOfSteps(kubeconfig, client);
} finally {
  await Promise.all(forgetting);
  stop.abort();
  await reading;
  await executor[Symbol.asyncDispose]();
  await client.delete(resources.namespaces, { name: namespace });
}

/** The kubeconfig of KUBECONFIG's cluster or of the harness's; undefined when neither answers. */
async function clusterInUse(): Promise<string | undefined> {
  const harness = fileURLToPath(new URL("../kube/cluster.sh", import.meta.url));
  return promisify(execFile)("bash", [harness, "used"]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

/** Per step, each a pod of its own: what the workflow adds to what Kubernetes needs for the same pods. */
async function rowOfSteps(kubeConfigFile: string, kube: KubeClient): Promise<void> {
  await using sluice = await SluiceProcess.start({
    args: [
      ...["--executor", "kubernetes", "--kubeconfig", kubeConfigFile],
      ...["--step-namespaces", namespace, "--image-pull-policy", "IfNotPresent"],
    ],
  });
  const file = join(sluice.folder, "row.yaml");
  const steps = Array.from(
    { length: stepsInARow },
    (_, i) => `        - [{ name: s${i}, template: step }]\n`,
  );
  await writeFile(
    file,
    `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { generateName: row- }
spec:
  entrypoint: main
  templates:
    - name: main
      steps:
${steps.join("")}    - name: step
      container: { image: "${image}", command: [sleep, "0"] }
`,
  );
  const bare: number[] = [];
  const row: number[] = [];
  for (let round = 0; round < workflows; round++) {
    const ms = await timed(async () => {
      for (let i = 0; i < stepsInARow; i++) await barePod(kube);
    });
    bare.push(ms / stepsInARow);
    row.push((await workflowMs(sluice, file)) / stepsInARow);
  }
  const rows = [
    distribution(`per bare pod, ${stepsInARow} in a row (floor)`, bare),
    distribution(`per step, a workflow of ${stepsInARow} in a row`, row),
  ];
  report("Steps in a row, by `sluice submit`", rows);
  const ratio = (rows[1]?.p50 ?? 0) / (rows[0]?.p50 ?? 1);
  goal(`a step costs ${ratio.toFixed(2)} × its bare pod (goal ≤ 1.2)`, ratio <= 1.2);
}

async function workflowMs(sluice: SluiceProcess, file: string): Promise<number> {
  const { stdout, stderr } = await sluice.run("-n", namespace, "submit", file, "--wait", "--json");
  const { status } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as {
    status?: { phase: string; startedAt: string; finishedAt: string };
  };
  if (status?.phase !== "Succeeded") throw new Error(`the workflow did not succeed: ${stdout}${stderr}`);
  return Date.parse(status.finishedAt) - Date.parse(status.startedAt);
}

async function all(work: readonly Promise<void>[]): Promise<void> {
  await Promise.all(work);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

async function barePod(kube: KubeClient, sleepSeconds = "0"): Promise<void> {
  const name = `bare-${systemRandom.id().slice(0, 12)}`;
  const made = await kube.create(resources.pods, {
    metadata: { name, namespace },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      containers: [
        { name: "main", image, imagePullPolicy: "IfNotPresent", command: ["sleep", sleepSeconds] },
      ],
    },
  });
  const watch = {
    namespace,
    fieldSelector: `metadata.name=${name}`,
    resourceVersion: made.metadata.resourceVersion ?? "",
  };
  for await (const event of kube.watch(resources.pods, watch, AbortSignal.timeout(60_000))) {
    const status = event.type === "bookmark" ? undefined : (event.object["status"] as { phase?: string });
    if (status?.phase === "Succeeded") break;
  }
  await kube.delete(resources.pods, { namespace, name }, { graceSeconds: 0 });
}

async function step(request: StepRequest): Promise<void> {
  const ended = Promise.withResolvers<StepEvent>();
  waiting.set(request.id, ended.resolve);
  await executor.start(request);
  const end = await ended.promise;
  if (end.type !== "finished" || end.exitCode !== 0)
    throw new Error(`a step ended as ${JSON.stringify(end)}`);
  forgetting.push(executor.forget(request.id));
}

async function read(from: Executor, signal: AbortSignal): Promise<void> {
  for await (const event of from.events(signal))
    if (event.type === "finished" || event.type === "lost" || event.type === "refused")
      waiting.get(event.stepId)?.(event);
}

function request(work: StepRequest["work"]): StepRequest {
  const id = systemRandom.id();
  return {
    id,
    run: { namespace, name: "bench", uid: id },
    node: { id, name: "bench", template: "step", attempt: 0 },
    work,
    outputPaths: [],
    captureResult: work.kind === "script",
    graceMs: 1_000,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    pod: {},
    metadata: { labels: {}, annotations: {} },
  };
}

function containerStep(): StepRequest {
  return request({ kind: "container", container: { image, command: ["sleep", "0"] } });
}

function scriptStep(source: string): StepRequest {
  return request({ kind: "script", script: { image, command: ["sh"], source } });
}
