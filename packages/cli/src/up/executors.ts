// Which executor runs the steps, and why.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Logger, Random, Scope } from "@sluice/base";
import { hasCode, hashId, messageOf } from "@sluice/base";
import type { ArtifactStore, KeyValue } from "@sluice/bus";
import type { Definitions, Executor, RunDirectory } from "@sluice/engine";
import type { KubeClient, References } from "@sluice/kube";
import type { Config } from "../config/config.ts";
import { CliError } from "../errors.ts";
import { addAgent } from "./agent.ts";
import { contentOf } from "./definitions.ts";
import { installIdOf } from "./install-id.ts";

export interface ExecutorDeps {
  readonly config: Config;
  /** Absolute path of the data folder. */
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly scope: Scope;
  /** Keeps the name of our pods on a cluster; see install-id.ts. */
  readonly leases: KeyValue;
  /** The default artifact repository. */
  readonly artifacts: ArtifactStore;
  /** What Workflows in the manifests of resource steps are. */
  readonly runs: RunDirectory;
}

export interface ChosenExecutor {
  readonly executor: Executor;
  readonly references: References;
  /** The cluster that steps run on. */
  readonly client?: KubeClient;
  /** Why this one, for people. */
  readonly why: string;
  /** ConfigMaps of the cluster; absent where they are applied here. */
  readonly configMap?: Definitions["configMap"];
  /** Files of Secrets and ConfigMaps are written here; absent on Kubernetes, where they are the cluster's. */
  readonly referencesFolder?: string;
  /** Where the local executor's step folders are in memory. */
  readonly memoryDir?: string;
}

/**
 * `kubernetes` when asked for, or with `auto` inside a pod or with a kubeconfig named for Sluice; else `local`.
 * Errors: CLI_KUBERNETES_UNAVAILABLE, LOCAL_ISOLATION_UNAVAILABLE.
 */
export async function chooseExecutor(deps: ExecutorDeps): Promise<ChosenExecutor> {
  const chosen = await choose(deps);
  return {
    ...chosen,
    executor: await addAgent(chosen.executor, {
      ...deps,
      references: chosen.references,
      client: chosen.client ?? (await namedCluster(deps)),
    }),
  };
}

/** Local steps beside a cluster: its objects are reached by steps of the type resource. */
async function namedCluster({ config, scope }: ExecutorDeps): Promise<KubeClient | undefined> {
  if (config.kubeconfig === undefined) return undefined;
  const { loadKubeConfig, makeKubeClient } = await import("@sluice/kube");
  return scope.use(makeKubeClient(await loadKubeConfig({ kubeconfig: config.kubeconfig })));
}

async function choose(deps: ExecutorDeps): Promise<ChosenExecutor> {
  const { config, env } = deps;
  const inCluster = env["KUBERNETES_SERVICE_HOST"] !== undefined;
  if (config.executor === "kubernetes") return kubernetes(deps, "asked for");
  if (config.executor === "auto" && config.kubeconfig !== undefined)
    return kubernetes(deps, "a kubeconfig is set");
  if (config.executor === "auto" && inCluster) return kubernetes(deps, "this runs inside a cluster");
  return local(deps, config.executor === "auto" ? "no cluster was named" : "asked for");
}

async function local(deps: ExecutorDeps, why: string): Promise<ChosenExecutor> {
  const { makeLocalExecutor, memoryFolder } = await import("@sluice/executor");
  const { fileReferences } = await import("@sluice/kube");
  const { config, dataDir, env, scope, clock, random, log } = deps;
  const references = fileReferences(dataDir);
  // By the data folder's own path: whoever serves this folder next finds the steps that still run.
  const memoryDir = memoryFolder(`sluice-${hashId("local", dataDir).slice(0, 16)}`, `${dataDir}/local`);
  const executor = scope.use(
    await makeLocalExecutor({
      stateDir: `${dataDir}/local`,
      ...(memoryDir === undefined ? {} : { memoryDir }),
      hide: [dataDir, ...homeSecrets(env["HOME"])],
      ...(env["PATH"] === undefined ? {} : { path: env["PATH"] }),
      isolation: config.isolation,
      references,
      artifacts: deps.artifacts,
      artifactLimits: { maxBytes: config.artifactMaxBytes },
      clock,
      random,
      log,
    }),
  );
  return {
    executor,
    references,
    why,
    referencesFolder: dataDir,
    ...(memoryDir === undefined ? {} : { memoryDir }),
  };
}

/** Credentials of whoever started us: a sandboxed step sees these folders empty. */
const homeSecrets = (home: string | undefined): string[] =>
  home === undefined
    ? []
    : [".ssh", ".kube", ".aws", ".config/gcloud", ".docker", ".gnupg"]
        .map((name) => join(home, name))
        .filter((folder) => existsSync(folder));

async function kubernetes(deps: ExecutorDeps, why: string): Promise<ChosenExecutor> {
  const { makeKubernetesExecutor } = await import("@sluice/executor");
  const { kubeReferences, loadKubeConfig, makeKubeClient, resources } = await import("@sluice/kube");
  const { config, scope, clock, random, log } = deps;
  const installId = await installIdOf(deps.leases, config.prefix, random);
  try {
    const access = await loadKubeConfig(
      config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig },
    );
    const client = scope.use(makeKubeClient(access));
    await client.version();
    const executor = scope.use(
      makeKubernetesExecutor({
        client,
        clock,
        random,
        log,
        installId,
        ...(config.stepNamespaces === undefined ? {} : { namespaces: config.stepNamespaces.split(",") }),
        podDefaults: config.imagePullPolicy === undefined ? {} : { imagePullPolicy: config.imagePullPolicy },
      }),
    );
    const configMap: Definitions["configMap"] = async (namespace, name) => {
      try {
        return contentOf(await client.get(resources.configMaps, { namespace, name }));
      } catch (error) {
        if (hasCode(error, "KUBE_NOT_FOUND")) return undefined;
        throw error;
      }
    };
    return { executor, references: kubeReferences(client), configMap, client, why };
  } catch (error) {
    throw CliError.KUBERNETES_UNAVAILABLE({ reason: messageOf(error) }, error);
  }
}
