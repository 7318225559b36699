/** Steps as pods on Kubernetes. @module */
export { KubeExecError } from "./errors.ts";
export { makeKubernetesExecutor } from "./executor.ts";
export type { KubernetesExecutorOptions, PodDefaults } from "./options.ts";
