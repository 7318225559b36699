import type { z } from "zod";

/** Field to sentence. */
export type Rows = Readonly<Record<string, string>>;

/** Schema objects and the rows of their fields. */
export type Described = readonly (readonly [z.core.$ZodType, Rows])[];

/** Handed to Kubernetes as it is: one sentence says what. */
export const pod: Rows = {
  nodeSelector: "Labels that a node must have to run these pods.",
  affinity: "Kubernetes affinity of these pods.",
  tolerations: "Taints of nodes that these pods tolerate.",
  schedulerName: "The Kubernetes scheduler that places these pods.",
  serviceAccountName: "The service account that these pods run as.",
  automountServiceAccountToken: "Whether the service account's token is mounted; default true.",
  hostAliases: "Lines added to /etc/hosts of these pods.",
  securityContext: "Kubernetes security context of these pods.",
  podResources: "Resources of the pod as a whole.",
  resourceClaims: "Device claims that containers may use.",
  executor: "Settings of what runs the step beside it; its service account.",
  volumes: "Volumes that containers may mount.",
  podSpecPatch: "YAML or JSON merged into the pod's spec; tags are replaced.",
};
