import { defineErrors } from "@sluice/base";

/** Why a step cannot be run as a pod. Each leaves as the `refused` event of its step. */
export const KubeExecError = defineErrors("KUBEEXEC", {
  WORK_UNSUPPORTED: {
    retry: "never",
    message: (d: { template: string; kind: string }) =>
      `template '${d.template}' is of type ${d.kind}, which does not run as a pod here yet`,
    hint: "run this workflow with the local executor, or make its containers steps of their own",
  },
  ARTIFACTS: {
    retry: "never",
    message: (d: { template: string }) =>
      `template '${d.template}' has artifacts, which steps on Kubernetes cannot bring or save yet`,
    hint: "run the workflow on the local executor (annotation sluice.dev/executor: local), or pass small values as parameters",
  },
  NO_IMAGE: {
    retry: "never",
    message: (d: { template: string }) => `template '${d.template}' names no image`,
    hint: "set `image` on its container or script",
  },
  NO_COMMAND: {
    retry: "never",
    message: (d: { template: string; image: string; why: string }) =>
      `template '${d.template}' needs its command spelled out, since ${d.why}; image '${d.image}' hides it`,
    hint: "set `command` on the container, or list the image's entrypoint in the executor's settings",
  },
  SCRIPT_TOO_LARGE: {
    retry: "never",
    message: (d: { template: string; bytes: number; maxBytes: number }) =>
      `the script of template '${d.template}' is ${d.bytes} B; a pod takes at most ${d.maxBytes} B`,
    hint: "put the program into the image or an artifact, and keep the script small",
  },
  SCRIPT_NUL: {
    retry: "never",
    message: (d: { template: string }) => `the script of template '${d.template}' holds a NUL character`,
    hint: "remove it: no environment variable can carry it",
  },
  NO_SHELL: {
    retry: "never",
    message: (d: { image: string; said: string }) => `image '${d.image}' has no /bin/sh: ${d.said}`,
    hint: "scripts and output parameters by path need a shell in the image; use one that has it, or print the value and use outputs.result",
  },
  NAMESPACE: {
    retry: "never",
    message: (d: { namespace: string; allowed: string }) =>
      `steps may not run in namespace '${d.namespace}'; this executor serves ${d.allowed}`,
    hint: "submit the workflow in one of these namespaces, or add the namespace to the executor's settings",
  },
  NAME_TAKEN: {
    retry: "never",
    message: (d: { pod: string; owner: string }) => `pod '${d.pod}' already exists and belongs to ${d.owner}`,
    hint: "delete that pod, or give this installation an install id of its own",
  },
  CLAIM_TAKEN: {
    retry: "never",
    message: (d: { claim: string; namespace: string }) =>
      `the claim '${d.namespace}/${d.claim}' exists already and is not this workflow's`,
    hint: "delete that PersistentVolumeClaim, or give the workflow another name",
  },
  POD_REFUSED: {
    retry: "never",
    message: (d: { pod: string; said: string }) => `the API server refused pod '${d.pod}': ${d.said}`,
    hint: "mend the field of the template that the message names, or the rights of Sluice's account",
  },
  STUCK: {
    retry: "never",
    message: (d: { reason: string; said: string; afterMs?: number }) =>
      `the pod ${d.afterMs === undefined ? "cannot start" : `could not start within ${d.afterMs} ms`}: ${d.reason}: ${d.said}`,
    hint: "check the image name, its pull secret, and the Secrets and ConfigMaps that the container names",
  },
});
