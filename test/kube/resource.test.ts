// Resource steps and the fields of pods, on a real Kubernetes.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type KubeObject, type ResourceType, resources } from "@sluice/kube";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WorkflowObject } from "../e2e/fixtures.ts";
import { SluiceProcess } from "../e2e/sluice-process.ts";
import { clusterMissing, kubectl, useCluster } from "./cluster.ts";
import { PodWatch } from "./pods.ts";
import { ended, nodesOf, startSluice, submitted } from "./workflows.ts";

const jobs: ResourceType = { group: "batch", version: "v1", plural: "jobs", kind: "Job", namespaced: true };
const volumes: ResourceType = {
  group: "",
  version: "v1",
  plural: "persistentvolumes",
  kind: "PersistentVolume",
  namespaced: false,
};

describe.skipIf(clusterMissing() !== undefined)(
  "a resource step on a real cluster, beside local steps",
  () => {
    const cluster = useCluster();
    let sluice: SluiceProcess;
    beforeAll(async () => {
      sluice = await SluiceProcess.start({
        args: ["--executor", "local", "--kubeconfig", cluster.kubeconfig],
        env: { SLUICE_NAMESPACE: cluster.namespace },
      });
    });
    afterAll(() => sluice[Symbol.asyncDispose]());

    const run = async (templates: string): Promise<WorkflowObject> =>
      ended(cluster, sluice, await submitted(cluster, sluice, templates));
    const configMap = (name: string): Promise<KubeObject> =>
      cluster.client.get(resources.configMaps, { namespace: cluster.namespace, name });
    const manifest = (text: string): string =>
      `manifest: |\n          ${text.replaceAll("\n", "\n          ")}`;

    test("makes a Job, waits for its condition, reads its outputs, and deletes what a selector picks", async () => {
      const workflow = await run(`
    - name: main
      steps:
      - - {name: make, template: make}
      - - {name: show, template: show, arguments: {parameters: [{name: m, value: "{{steps.make.outputs.parameters.done}} {{steps.make.outputs.parameters.kind}}"}]}}
      - - {name: away, template: away}
    - name: make
      resource:
        action: create
        successCondition: status.succeeded > 1
        failureCondition: status.failed > 0
        ${manifest(`apiVersion: batch/v1
kind: Job
metadata: {generateName: job-, labels: {made: "by-{{workflow.name}}"}}
spec:
  completions: 2
  parallelism: 2
  template:
    spec:
      restartPolicy: Never
      containers: [{name: c, image: busybox, imagePullPolicy: IfNotPresent, command: ["true"]}]`)}
      outputs:
        parameters:
        - {name: done, valueFrom: {jsonPath: "{.status.succeeded}"}}
        - {name: kind, valueFrom: {jqFilter: .kind}}
    - name: show
      inputs: {parameters: [{name: m}]}
      container: {image: busybox, command: [echo], args: ["{{inputs.parameters.m}}"]}
    - name: away
      resource: {action: delete, flags: [job, --selector, "made=by-{{workflow.name}}"]}
`);

      expect(workflow.status?.phase).toBe("Succeeded");
      const shown = nodesOf(workflow).find(({ displayName }) => displayName === "show");
      expect(shown).toMatchObject({ inputs: { parameters: [{ value: "2 Job" }] } });
      const { items } = await cluster.client.list(jobs, { namespace: cluster.namespace });
      expect(items).toEqual([]);
    });

    test("fails with its failure condition, and with what the API server says", async () => {
      const failing = await run(`
    - name: main
      resource:
        action: create
        successCondition: status.succeeded > 0
        failureCondition: status.failed > 0
        ${manifest(`apiVersion: batch/v1
kind: Job
metadata: {generateName: bad-}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: c, image: busybox, imagePullPolicy: IfNotPresent, command: ["false"]}]`)}
`);
      const refused = await run(`
    - name: main
      resource:
        action: create
        ${manifest(`apiVersion: v1
kind: ConfigMap
metadata: {name: "Not A Name"}`)}
`);

      expect(failing.status).toMatchObject({
        phase: "Failed",
        message: "failure condition 'status.failed > 0' evaluated true",
      });
      expect(refused.status?.phase).toBe("Failed");
      expect(refused.status).toMatchObject({ message: expect.stringContaining("Not A Name") });
    });

    test("applies, replaces and patches by every strategy, each value inside its place", async () => {
      const patch = (name: string, strategy: string, text: string): string => `
    - name: ${name}
      resource:
        action: patch
        mergeStrategy: ${strategy}
        ${strategy === "json" ? 'flags: [configmap, "{{workflow.name}}"]' : ""}
        ${manifest(text)}`;
      const object = (data: string): string => `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{workflow.name}}"}
data: ${data}`;
      const workflow = await run(`
    - name: main
      steps:
      - - {name: apply, template: apply}
      - - {name: again, template: replace}
      - - {name: strategic, template: strategic}
      - - {name: merge, template: merge}
      - - {name: json, template: json}
    - name: apply
      resource:
        action: apply
        ${manifest(object("{a: '1', gone: x}"))}
    - name: replace
      resource:
        action: replace
        ${manifest(object("{a: '1', b: '2', c: '3'}"))}${patch("strategic", "strategic", object("{b: strategic}"))}${patch("merge", "merge", object("{c: null}"))}${patch("json", "json", `- {op: add, path: /data/d, value: "{{workflow.name}}"}`)}
`);

      expect(workflow.status?.phase).toBe("Succeeded");
      const { name } = workflow.metadata;
      expect((await configMap(name))["data"]).toEqual({ a: "1", b: "strategic", d: name });
    });

    test("takes its manifest from an artifact, of which no tag is looked at", async () => {
      const workflow = await run(`
    - name: main
      inputs:
        artifacts:
        - name: object
          path: /tmp/object
          raw: {data: "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: from-}, data: {a: '{{'}}"}
      resource: {action: create, manifestFrom: {artifact: {name: object}}}
      outputs: {parameters: [{name: name, valueFrom: {jsonPath: "{.metadata.name}"}}]}
`);

      expect(workflow.status?.phase).toBe("Succeeded");
      const [node] = nodesOf(workflow) as unknown as [{ outputs: { parameters: [{ value: string }] } }];
      expect((await configMap(node.outputs.parameters[0].value))["data"]).toEqual({ a: "{{" });
    });

    test("whose manifest is a Workflow starts a run of Sluice's own, and leaves no object in the cluster", async () => {
      const workflow = await run(`
    - name: main
      resource:
        action: create
        successCondition: status.phase == Succeeded
        failureCondition: status.phase in (Failed, Error)
        ${manifest(`apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: child-}
spec:
  entrypoint: c
  templates: [{name: c, container: {image: busybox, command: [echo, hi]}}]`)}
      outputs: {parameters: [{name: name, valueFrom: {jsonPath: "{.metadata.name}"}}]}
`);

      expect(workflow.status?.phase).toBe("Succeeded");
      expect(await kubectl(cluster, "get", "crd", "-o", "name")).not.toContain("argoproj");
      const { items } = await sluice.json<{ items: WorkflowObject[] }>(
        "GET",
        `/api/v1/workflows/${cluster.namespace}?listOptions.labelSelector=workflows.argoproj.io/creator=workflow-${workflow.metadata.name}`,
      );
      expect(items.map(({ status }) => status?.phase)).toEqual(["Succeeded"]);
    });
  },
);

describe.skipIf(clusterMissing() !== undefined)("fields of pods on a real cluster", () => {
  const cluster = useCluster();
  let sluice: SluiceProcess;
  beforeAll(async () => {
    sluice = await startSluice(cluster);
  });
  afterAll(() => sluice[Symbol.asyncDispose]());
  const run = async (templates: string): Promise<WorkflowObject> =>
    ended(cluster, sluice, await submitted(cluster, sluice, templates));

  test("a podSpecPatch changes main's command, its variables and resources, and adds an init container and a volume", async () => {
    await using pods = await PodWatch.start(cluster);
    const workflow = await run(`
    - name: main
      podSpecPatch: |
        terminationGracePeriodSeconds: 3
        volumes: [{name: shared, emptyDir: {}}]
        initContainers:
        - name: before
          image: busybox
          imagePullPolicy: IfNotPresent
          command: [sh, -c, "echo made > /shared/f"]
          volumeMounts: [{name: shared, mountPath: /shared}]
        containers:
        - name: main
          command: [sh, -c]
          args: ['test "$A$B" = 12 && test "$(cat /shared/f)" = made']
          env: [{name: B, value: "2"}]
          resources: {limits: {memory: 64Mi}, requests: {memory: 32Mi}}
          volumeMounts: [{name: shared, mountPath: /shared}]
      container: {image: busybox, command: ["false"], env: [{name: A, value: "1"}]}
`);

    expect(workflow.status?.phase).toBe("Succeeded");
    expect(pods.ever[0]?.["spec"]).toMatchObject({
      terminationGracePeriodSeconds: 3,
      initContainers: [{ name: "before" }],
      containers: [{ name: "main", resources: { limits: { memory: "64Mi" }, requests: { memory: "32Mi" } } }],
    });
    await pods.until((now) => now.length === 0);
  });

  test("a sidecar runs beside the main container, is logged under its name, and ends with it", async () => {
    await using pods = await PodWatch.start(cluster);
    const workflow = await run(`
    - name: main
      volumes: [{name: shared, emptyDir: {}}]
      sidecars:
      - name: helper
        image: busybox
        mirrorVolumeMounts: true
        command: [sh, -c, "echo from the side; echo up > /shared/f; sleep 600"]
      container:
        image: busybox
        command: [sh, -c, "until [ -s /shared/f ]; do sleep 0.1; done; cat /shared/f"]
        volumeMounts: [{name: shared, mountPath: /shared}]
`);
    const log = await fetch(
      `${sluice.url}/api/v1/workflows/${cluster.namespace}/${workflow.metadata.name}/log`,
    );

    expect(workflow.status?.phase).toBe("Succeeded");
    expect(await log.text()).toContain("from the side");
    await pods.until((now) => now.length === 0);
  });

  test("a pod that no node takes fails at its pendingTimeout, and goes", async () => {
    await using pods = await PodWatch.start(cluster);
    const workflow = await run(`
    - name: main
      pendingTimeout: 3s
      podSpecPatch: '{"nodeSelector": {"none": "such"}}'
      container: {image: busybox, command: ["true"]}
`);

    expect(workflow.status).toMatchObject({
      phase: "Failed",
      message: "Pod was pending longer than its pendingTimeout of 3s",
    });
    await pods.until((now) => now.length === 0);
  });

  test("a workflow's own claim is there for its steps, one after the other, and goes with it", async () => {
    const name = `sluice-${cluster.namespace}`;
    await cluster.client.create(volumes, {
      metadata: { name },
      spec: {
        capacity: { storage: "1Gi" },
        accessModes: ["ReadWriteOnce"],
        persistentVolumeReclaimPolicy: "Retain",
        hostPath: { path: join("/tmp", name), type: "DirectoryOrCreate" },
      },
    });
    try {
      const file = join(sluice.folder, "claims.yaml");
      await writeFile(
        file,
        `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { generateName: claims- }
spec:
  entrypoint: main
  volumeClaimTemplates:
  - metadata: {name: work}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
  templates:
  - name: main
    steps:
    - - {name: write, template: sh, arguments: {parameters: [{name: do, value: "echo kept > /work/f"}]}}
    - - {name: read, template: sh, arguments: {parameters: [{name: do, value: "grep kept /work/f"}]}}
  - name: sh
    inputs: {parameters: [{name: do}]}
    container:
      image: busybox
      command: [sh, -c, "{{inputs.parameters.do}}"]
      volumeMounts: [{name: work, mountPath: /work}]
`,
      );
      const made = await sluice.run("-n", cluster.namespace, "submit", file, "-o", "name");
      const workflow = await ended(cluster, sluice, made.stdout.trim());

      expect(workflow.status?.phase).toBe("Succeeded");
      const left = await kubectl(
        cluster,
        ...["wait", "pvc", "--all", "--for=delete", "--timeout=60s", "-n", cluster.namespace],
      ).catch((error: Error) => error.message);
      expect(left).not.toContain("timed out");
    } finally {
      await cluster.client.delete(volumes, { name });
    }
  });
});
