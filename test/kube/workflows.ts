// `sluice up` on the test cluster, and the commands that tests give it.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WorkflowObject } from "../e2e/fixtures.ts";
import { type CommandResult, type SluiceOptions, SluiceProcess } from "../e2e/sluice-process.ts";
import type { TestCluster } from "./cluster.ts";

/** What every Sluice of these tests is told: there is no registry, so images must not be pulled. */
export const upOptions = (cluster: TestCluster, over: SluiceOptions = {}): SluiceOptions => ({
  ...over,
  args: [
    ...["--executor", "kubernetes", "--image-pull-policy", "IfNotPresent"],
    ...["--kubeconfig", cluster.kubeconfig, "--step-namespaces", cluster.namespace],
    ...(over.args ?? []),
  ],
  env: { SLUICE_NAMESPACE: cluster.namespace, ...over.env },
});

export const startSluice = (cluster: TestCluster, over: SluiceOptions = {}): Promise<SluiceProcess> =>
  SluiceProcess.start(upOptions(cluster, over));

/** A `sluice` command for the test's own namespace. */
export const inNamespace = (
  cluster: TestCluster,
  sluice: SluiceProcess,
  ...args: readonly string[]
): Promise<CommandResult> => sluice.run("-n", cluster.namespace, ...args);

/** Submits the templates of `main` and others (YAML, as a list of templates). The workflow's name. */
export async function submitted(
  cluster: TestCluster,
  sluice: SluiceProcess,
  templates: string,
): Promise<string> {
  const file = join(sluice.folder, "workflow.yaml");
  await writeFile(
    file,
    `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: { generateName: wf- }\nspec:\n  entrypoint: main\n  templates:\n${templates}`,
  );
  const { code, stdout, stderr } = await inNamespace(cluster, sluice, "submit", file, "-o", "name");
  if (code !== 0) throw new Error(`submit: ${stderr}`);
  return stdout.trim();
}

/** Waits for the workflow's end. */
export async function ended(
  cluster: TestCluster,
  sluice: SluiceProcess,
  name: string,
): Promise<WorkflowObject> {
  await inNamespace(cluster, sluice, "wait", name);
  return sluice.json("GET", `/api/v1/workflows/${cluster.namespace}/${name}`);
}

/** Resolves with the workflow as soon as `wanted` holds of it, by the server's watch. */
export async function workflowWhen(
  cluster: TestCluster,
  sluice: SluiceProcess,
  wanted: (workflow: WorkflowObject) => boolean,
): Promise<WorkflowObject> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]);
  const response = await fetch(`${sluice.url}/api/v1/workflow-events/${cluster.namespace}`, { signal });
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const answer = await sluice.json<{ items: WorkflowObject[] | null }>(
        "GET",
        `/api/v1/workflows/${cluster.namespace}`,
      );
      const found = answer.items?.find(wanted);
      if (found !== undefined) return found;
      const { done } = (await reader?.read()) ?? { done: true };
      if (done) throw new Error("the watch ended before the workflow was as wanted");
    }
  } finally {
    stop.abort();
  }
}

export const nodesOf = (workflow: WorkflowObject) => Object.values(workflow.status?.nodes ?? {});
