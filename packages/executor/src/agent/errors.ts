import { defineErrors } from "@sluice/base";

/** Why a step of the agent cannot be done as it is written. Each leaves as the `refused` event of its step. */
export const AgentError = defineErrors("AGENT", {
  WORK_UNSUPPORTED: {
    retry: "never",
    message: (d: { kind: string }) => `nothing here does steps of the kind '${d.kind}'`,
    hint: "use a container step in its place",
  },
  REQUEST_INVALID: {
    retry: "never",
    message: (d: { field: string; reason: string }) => `http.${d.field} cannot be sent: ${d.reason}`,
    hint: "look at the template's `http` with the values of its inputs put in",
  },
  ADDRESS_REFUSED: {
    retry: "never",
    message: (d: { url: string; address: string; reason: string }) =>
      `'${d.url}' leads to ${d.address}: ${d.reason}`,
    hint: "name the address in the setting `httpAllow` if this is meant",
  },
  REFERENCE_MISSING: {
    retry: "never",
    message: (d: { kind: string; namespace: string; name: string; key: string }) =>
      `${d.kind} '${d.namespace}/${d.name}' has no key '${d.key}'`,
    hint: "apply the Secret that is named, or mark the reference `optional: true`",
  },
  DATA_TOO_LARGE: {
    retry: "never",
    message: (d: { what: string }) => `the data template gives too much: ${d.what}`,
    hint: "list a narrower key, or filter more in `transformation`",
  },
  NO_KUBERNETES: {
    retry: "never",
    message: (d: { template: string }) =>
      `template '${d.template}' is of type resource, and no Kubernetes is configured here`,
    hint: "name a cluster by `--kubeconfig`; steps may stay local with `--executor local`",
  },
  RESOURCE_INVALID: {
    retry: "never",
    message: (d: { field: string; reason: string }) => `resource.${d.field}: ${d.reason}`,
    hint: "look at the template's `resource` with the values of its inputs put in",
  },
  BROKEN: {
    retry: "bug",
    message: (d: { kind: string; reason: string }) => `a step of the kind '${d.kind}' broke: ${d.reason}`,
    hint: "this is a fault of Sluice: report it with the template and this message",
  },
});
