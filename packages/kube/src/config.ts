import type { Agent } from "node:http";
import { Agent as HttpsAgent, type RequestOptions } from "node:https";
import { messageOf } from "@sluice/base";
import { KubeError } from "./errors.ts";

export interface KubeConfigOptions {
  /** Path of a kubeconfig file. Absent: what kubectl would use (KUBECONFIG, ~/.kube/config, the pod's account). */
  readonly kubeconfig?: string;
  /** Default: the file's current context. */
  readonly context?: string;
  /** Use the service account of the pod that we run in, and nothing else. */
  readonly inCluster?: boolean;
}

/** How to reach one cluster as one account. Tokens that change (files, exec plugins) are read at each request. */
export interface KubeAccess {
  readonly server: string;
  readonly namespace: string;
  /** Address-independent options of a request: TLS, agent, authorization header. */
  requestOptions(): Promise<RequestOptions>;
  /** The vendor's settings object, for its websocket client. */
  readonly vendor: unknown;
}

/**
 * Reads a kubeconfig or the pod's own account. The vendor's package is loaded here, on first use: it takes about
 * half a second.
 * Errors: KUBE_CONFIG when the file, the context or the cluster is missing or unreadable.
 */
export async function loadKubeConfig(options: KubeConfigOptions = {}): Promise<KubeAccess> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const source = sourceOf(options);
  const config = new KubeConfig();
  try {
    if (options.inCluster === true) config.loadFromCluster();
    else if (options.kubeconfig !== undefined) config.loadFromFile(options.kubeconfig);
    else config.loadFromDefault();
    if (options.context !== undefined) config.setCurrentContext(options.context);
  } catch (error) {
    throw KubeError.CONFIG({ source, said: messageOf(error) }, error);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const known = config.getContexts().map((context) => context.name);
    throw KubeError.CONFIG({
      source,
      said: `context '${config.getCurrentContext()}' has no cluster; known contexts: ${known.join(", ") || "none"}`,
    });
  }
  let agent: Agent | undefined;
  return {
    server: cluster.server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? "default",
    vendor: config,
    async requestOptions() {
      const requested: RequestOptions = {};
      try {
        await config.applyToHTTPSOptions(requested);
      } catch (error) {
        throw KubeError.CONFIG({ source, said: messageOf(error) }, error);
      }
      agent ??= keptAlive(requested);
      return { ...requested, agent };
    },
  };
}

function sourceOf(options: KubeConfigOptions): string {
  if (options.inCluster === true) return "the pod's service account";
  return options.kubeconfig === undefined ? "the default places" : `'${options.kubeconfig}'`;
}

/** The vendor's agent opens a connection a request; ours keeps them. A proxy's agent is left as it is. */
function keptAlive(options: RequestOptions): Agent | undefined {
  const given = options.agent;
  if (given instanceof HttpsAgent && given.constructor === HttpsAgent)
    return new HttpsAgent({ ...given.options, keepAlive: true, keepAliveMsecs: 10_000, maxFreeSockets: 8 });
  return typeof given === "object" ? given : undefined;
}
