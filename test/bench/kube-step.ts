// How long a step takes on Kubernetes, from `start` to its `finished`, against a bare pod in the same run.
//   KUBECONFIG=… node --conditions=@sluice/source test/bench/kube-step.ts [ROUNDS]
import { silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import type { Executor, StepEvent, StepRequest } from "@sluice/engine";
import { makeKubernetesExecutor } from "@sluice/executor";
import { type KubeClient, loadKubeConfig, makeKubeClient, resources } from "@sluice/kube";
import { distribution, report } from "./report.ts";

const image = "alpine:3.6";
const rounds = Number(process.argv[2] ?? 15);
const kubeconfig = process.env["KUBECONFIG"];
if (kubeconfig === undefined)
  throw new Error("set KUBECONFIG; `test/kube/cluster.sh up` prints the path of one");

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
} finally {
  await Promise.all(forgetting);
  stop.abort();
  await reading;
  await executor[Symbol.asyncDispose]();
  await client.delete(resources.namespaces, { name: namespace });
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
