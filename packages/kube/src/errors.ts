import { defineErrors } from "@sluice/base";

interface Where {
  /** "POST pods/build in 'ci'": the verb, the resource and where. */
  readonly what: string;
  /** What the API server said. */
  readonly said: string;
}

/** Everything that the Kubernetes port throws. The API server's answers are mapped here once, in `real/map-error.ts`. */
export const KubeError = defineErrors("KUBE", {
  CONFIG: {
    retry: "never",
    message: (d: { source: string; said: string }) =>
      `no usable Kubernetes settings in ${d.source}: ${d.said}`,
    hint: "name a kubeconfig file and a context that exist; `kubectl config get-contexts` lists them",
  },
  NOT_FOUND: {
    retry: "never",
    message: (d: Where) => `${d.what}: not found: ${d.said}`,
    hint: "check the name and the namespace; `kubectl get` lists what exists",
  },
  EXISTS: {
    retry: "never",
    message: (d: Where) => `${d.what}: already exists: ${d.said}`,
    hint: "choose another name, or apply instead of create",
  },
  CONFLICT: {
    retry: "later",
    message: (d: Where) => `${d.what}: somebody else changed it: ${d.said}`,
    hint: "read the object again and repeat the change",
  },
  FORBIDDEN: {
    retry: "never",
    message: (d: Where) => `${d.what}: not allowed: ${d.said}`,
    hint: "bind the rights that deploy/kubernetes/rbac.yaml lists to this account; `kubectl auth can-i` tests them",
  },
  QUOTA: {
    retry: "later",
    message: (d: Where) => `${d.what}: quota is used up: ${d.said}`,
    hint: "wait for running pods to end, or raise the namespace's ResourceQuota",
  },
  UNAUTHORIZED: {
    retry: "later",
    message: (d: Where) => `${d.what}: the API server does not know this account: ${d.said}`,
    hint: "the token or client certificate is wrong or has run out; log in again",
  },
  INVALID: {
    retry: "never",
    message: (d: Where) => `${d.what}: refused as invalid: ${d.said}`,
    hint: "mend the field that the message names",
  },
  GONE: {
    retry: "later",
    message: (d: Where) => `${d.what}: the resource version is too old: ${d.said}`,
    hint: "list again and watch from there",
  },
  THROTTLED: {
    retry: "later",
    message: (d: Where & { retryAfterMs: number }) =>
      `${d.what}: too many requests, retry after ${d.retryAfterMs} ms: ${d.said}`,
    hint: "the API server sheds load; the request is repeated after the time that it named",
  },
  UNAVAILABLE: {
    retry: "later",
    message: (d: Where) => `${d.what}: the API server gave no usable answer: ${d.said}`,
    hint: "check that the API server is reachable: `kubectl get --raw /readyz`",
  },
  UNKNOWN_KIND: {
    retry: "never",
    message: (d: { apiVersion: string; kind: string }) =>
      `the cluster has no kind '${d.kind}' in '${d.apiVersion}'`,
    hint: "install its CustomResourceDefinition, or correct apiVersion and kind; `kubectl api-resources` lists them",
  },
  ANSWER_TOO_LARGE: {
    retry: "never",
    message: (d: { what: string; maxBytes: number }) =>
      `${d.what}: the answer is larger than ${d.maxBytes} B`,
    hint: "narrow the request with a label selector or a namespace",
  },
  EXEC: {
    retry: "later",
    message: (d: Where) => `${d.what}: the command could not be run in the container: ${d.said}`,
    hint: "check that the container runs and has that program",
  },
  REFERENCE_NAME: {
    retry: "never",
    message: (d: { part: string; name: string }) =>
      `'${d.name}' cannot be the ${d.part} of a Secret or ConfigMap`,
    hint: "use letters, digits, '-', '_' and '.', as Kubernetes does",
  },
});
