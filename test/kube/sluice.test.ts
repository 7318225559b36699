// The whole of Sluice on a real Kubernetes: one process, one cluster, workflows as people write them.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { resources } from "@sluice/kube";
import { describe, expect, test } from "vitest";
import { workflowsEnded } from "../e2e/fixtures.ts";
import { root, SluiceProcess } from "../e2e/sluice-process.ts";
import { freePort } from "../free-port.ts";
import { limitedToken, writeKubeConfig } from "./account.ts";
import { clusterMissing, kubectl, useCluster } from "./cluster.ts";
import { PodWatch } from "./pods.ts";
import { ended, inNamespace, nodesOf, startSluice, submitted, upOptions, workflowWhen } from "./workflows.ts";

const none = (pods: readonly unknown[]): boolean => pods.length === 0;
const coinflip = join(root, "examples/coinflip/workflow.yaml");

const sleeper = `
    - name: main
      container: { image: "alpine:3.6", command: [sleep, "600"] }
`;

describe.skipIf(clusterMissing() !== undefined)("Sluice on a real cluster", () => {
  const cluster = useCluster();

  /** Every object that the namespace holds, but Kubernetes' own events, and every CRD. */
  async function objects(): Promise<readonly string[]> {
    const kinds = (await kubectl(cluster, "api-resources", "--verbs=list", "--namespaced", "-o", "name"))
      .split("\n")
      .filter((kind) => kind !== "" && !kind.startsWith("events"));
    const inside = await kubectl(cluster, "get", kinds.join(","), "-n", cluster.namespace, "-o", "name");
    return [...inside.split("\n"), ...(await kubectl(cluster, "get", "crd", "-o", "name")).split("\n")]
      .filter((name) => name !== "")
      .sort();
  }

  test("flips the coin by hand until it is heads, once, and leaves nothing in etcd", async () => {
    const before = await objects();
    await using pods = await PodWatch.start(cluster);
    await using sluice = await startSluice(cluster);

    const { code, stdout } = await inNamespace(cluster, sluice, "submit", coinflip, "--wait", "--json");
    const workflow = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");

    expect([code, workflow.status.phase]).toEqual([0, "Succeeded"]);
    const ran = nodesOf(workflow).filter((node) => node.type === "Pod" && node.phase === "Succeeded");
    expect(ran.filter((node) => node.displayName === "heads")).toHaveLength(1);
    expect(pods.ever).toHaveLength(ran.length);
    await pods.until(none);
    expect(await objects()).toEqual(before);
  });

  test("flips the coin when a webhook is called", async () => {
    const port = await freePort();
    await using pods = await PodWatch.start(cluster);
    await using sluice = await SluiceProcess.prepare();
    await sluice.up(upOptions(cluster, { files: [await example(sluice, "coinflip/events.yaml", port)] }));

    const answer = await post(`http://127.0.0.1:${port}/coinflip`, {});
    const [workflow] = await workflowsEnded(sluice, 1, cluster.namespace);

    expect(answer.status).toBe(200);
    expect(workflow?.status?.phase).toBe("Succeeded");
    await pods.until(none);
  });

  test("runs the quickstart: fan-out over a result, output files, values through the environment, logs", async () => {
    const port = await freePort();
    await using pods = await PodWatch.start(cluster);
    await using sluice = await SluiceProcess.prepare();
    const files = [
      await example(sluice, "quickstart/event-source.yaml", port),
      await example(sluice, "quickstart/sensor.yaml", port),
    ];
    await sluice.up(upOptions(cluster, { files }));

    const title = `it's "$(HOME)" & 'more' {{x}}`;
    await post(`http://127.0.0.1:${port}/tasks`, { title, priority: 2, parts: 3 });
    const [listed] = await workflowsEnded(sluice, 1, cluster.namespace);
    const name = listed?.metadata.name ?? "";
    const workflow = await ended(cluster, sluice, name);
    const logs = await inNamespace(cluster, sluice, "logs", name);

    expect(workflow.status?.phase).toBe("Succeeded");
    const report = `${title}: ["part 1 done","part 2 done","part 3 done"]`;
    const pipeline = nodesOf(workflow).find((node) => node.displayName === name);
    expect(pipeline).toMatchObject({ outputs: { parameters: [{ name: "report", value: report }] } });
    const lines = logs.stdout.split("\n").map((line) => line.slice(line.indexOf(": ") + 2));
    for (const said of ["[1, 2, 3]", "part 1 done", "part 2 done", "part 3 done", report])
      expect(lines.filter((line) => line === said)).toHaveLength(1);
    expect(pods.ever).toHaveLength(5);
    await pods.until(none);
  });

  test("a daemon is ready by its probe, is reached at its pod's address, and its pod goes with its scope", async () => {
    await using pods = await PodWatch.start(cluster);
    await using sluice = await startSluice(cluster);
    const name = await submitted(
      cluster,
      sluice,
      `  - name: main
    steps:
      - [{ name: svc, template: serve }]
      - [{ name: use, template: use, arguments: { parameters: [{ name: ip, value: "{{steps.svc.ip}}" }] } }]
  - name: serve
    daemon: true
    container:
      image: python:alpine3.23
      command: [python3, -m, http.server, "8080"]
      readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: 1 }
  - name: use
    inputs: { parameters: [{ name: ip }] }
    script:
      image: python:alpine3.23
      command: [python3]
      source: |
        import urllib.request
        print(urllib.request.urlopen("http://{{inputs.parameters.ip}}:8080/").status)
`,
    );
    const workflow = await ended(cluster, sluice, name);

    expect(workflow.status?.phase).toBe("Succeeded");
    const phases = nodesOf(workflow).map((node) => `${node.displayName} ${node.phase}`);
    expect(phases).toEqual(expect.arrayContaining(["svc Succeeded", "use Succeeded"]));
    expect(pods.ever).toHaveLength(2);
    await pods.until(none);
  });

  test("killed in the middle of a step, it finds the pod again: no second one, each line once", async () => {
    await using pods = await PodWatch.start(cluster);
    await using sluice = await startSluice(cluster);
    const name = await submitted(
      cluster,
      sluice,
      `
    - name: main
      steps:
        - [{ name: slow, template: slow }]
        - [{ name: after, template: after }]
    - name: slow
      script: { image: "alpine:3.6", command: [sh], source: "for i in 1 2 3 4 5 6; do echo line-$i; sleep 1; done" }
    - name: after
      container: { image: "alpine:3.6", command: [echo, "said {{steps.x}}"] }
`.replace("said {{steps.x}}", "after"),
    );
    await pods.running("slow");

    await sluice.kill();
    await sluice.up(upOptions(cluster));
    const workflow = await ended(cluster, sluice, name);
    const { stdout } = await inNamespace(cluster, sluice, "logs", name, "--no-prefix");

    expect(workflow.status?.phase).toBe("Succeeded");
    expect(pods.ever).toHaveLength(2);
    expect(stdout.trim().split("\n")).toEqual([1, 2, 3, 4, 5, 6].map((i) => `line-${i}`).concat("after"));
    await pods.until(none);
  });

  test("a stop that a crash interrupts goes on: the workflow ends as terminated, its pod goes", async () => {
    await using pods = await PodWatch.start(cluster);
    await using sluice = await startSluice(cluster);
    const name = await submitted(cluster, sluice, sleeper);
    await pods.running("main");

    await inNamespace(cluster, sluice, "terminate", name);
    await sluice.kill();
    await pods.until(none);
    await sluice.up(upOptions(cluster));
    const workflow = await ended(cluster, sluice, name);

    expect(workflow.status).toMatchObject({ phase: "Failed", message: "Stopped with strategy 'Terminate'" });
    expect(nodesOf(workflow).map((node) => node.phase)).toEqual(["Failed"]);
    expect(pods.ever).toHaveLength(1);
  });

  test("terminate ends a step and removes its pod", async () => {
    await using pods = await PodWatch.start(cluster);
    await using sluice = await startSluice(cluster);
    const name = await submitted(cluster, sluice, sleeper);
    await pods.running("main");

    const { code } = await inNamespace(cluster, sluice, "terminate", name);
    const workflow = await ended(cluster, sluice, name);

    expect(code).toBe(0);
    expect(workflow.status).toMatchObject({ phase: "Failed", message: "Stopped with strategy 'Terminate'" });
    await pods.until(none);
  });

  test("a step whose pod somebody deletes is tried again by its retry strategy", async () => {
    await using pods = await PodWatch.start(cluster);
    await using sluice = await startSluice(cluster);
    const name = await submitted(
      cluster,
      sluice,
      `
    - name: main
      retryStrategy: { limit: 2, retryPolicy: Always }
      container:
        image: "alpine:3.6"
        command: [sh, -c]
        args: ['[ "{{retries}}" = 0 ] && exec sleep 600; echo try {{retries}}']
`,
    );
    const first = await pods.running("main");

    await cluster.client.delete(resources.pods, first.metadata, { graceSeconds: 1 });
    const workflow = await ended(cluster, sluice, name);

    expect(workflow.status?.phase).toBe("Succeeded");
    const tries = nodesOf(workflow).filter((node) => node.type === "Pod");
    expect(tries.map((node) => node.phase).sort()).toEqual(["Error", "Succeeded"]);
    expect(pods.ever).toHaveLength(2);
    await pods.until(none);
  });

  test("two Sluices of one prefix on one cluster leave each other's pods alone", async () => {
    await using pods = await PodWatch.start(cluster);
    await using one = await startSluice(cluster);
    const name = await submitted(cluster, one, sleeper);
    const pod = await pods.running("main");

    await using other = await startSluice(cluster);
    const { code } = await inNamespace(cluster, other, "submit", coinflip, "--wait");
    const still = await cluster.client.get(resources.pods, pod.metadata);

    expect(code).toBe(0);
    expect(still.metadata).toMatchObject({ uid: pod.metadata.uid });
    expect(still.metadata.deletionTimestamp).toBeUndefined();
    await inNamespace(cluster, one, "terminate", name);
    await pods.until(none);
  });

  test("needs no right but those of deploy/kubernetes", async () => {
    await using pods = await PodWatch.start(cluster);
    await using sluice = await SluiceProcess.prepare();
    const kubeconfig = join(sluice.folder, "kubeconfig");
    await writeKubeConfig(cluster, kubeconfig, await limitedToken(cluster));
    await sluice.up(upOptions({ ...cluster, kubeconfig }));

    const { code } = await inNamespace(cluster, sluice, "submit", coinflip, "--wait");
    const name = await submitted(cluster, sluice, sleeper);
    await pods.running("main");
    await inNamespace(cluster, sluice, "terminate", name);

    expect(code).toBe(0);
    expect((await ended(cluster, sluice, name)).status?.phase).toBe("Failed");
    await pods.until(none);
  });

  test("an image that cannot be had is shown while it waits, and refused with a clear word when it never can", async () => {
    await using pods = await PodWatch.start(cluster);
    await using sluice = await startSluice(cluster);
    const templates = (policy: string) => `
    - name: main
      container: { image: "localhost:1/none:1", imagePullPolicy: ${policy}, command: ["true"] }
`;
    const pulled = await submitted(cluster, sluice, templates("IfNotPresent"));
    const waits = await workflowWhen(cluster, sluice, (w) =>
      nodesOf(w).some((node) => /ImagePull/.test((node as { message?: string }).message ?? "")),
    );
    await inNamespace(cluster, sluice, "terminate", pulled);
    const refused = await ended(cluster, sluice, await submitted(cluster, sluice, templates("Never")));

    expect(nodesOf(waits)).toMatchObject([{ phase: "Pending", message: expect.stringContaining("none:1") }]);
    expect(refused.status?.phase).toBe("Error");
    expect(nodesOf(refused)).toMatchObject([{ message: expect.stringMatching(/ErrImageNeverPull.*none:1/) }]);
    await pods.until(none);
  });
});

/** A manifest of examples/ on a port of this test's own. */
async function example(sluice: SluiceProcess, path: string, port: number): Promise<string> {
  const text = await readFile(join(root, "examples", path), "utf8");
  const file = join(sluice.folder, path.replaceAll("/", "-"));
  await writeFile(file, text.replaceAll(/"120\d\d"/g, `"${port}"`));
  return file;
}

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
