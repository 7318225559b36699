// How Kubernetes merges the lists of a pod's spec, and Argo those of a template (the `patchStrategy` and `patchMergeKey` of its API types). A list that
// is not named here is replaced as a whole: tolerations, command and args, envFrom, items of a volume …

/** Of a map: the lists in it that are merged, by what tells their elements apart, and the maps that have such lists. */
export interface MergeFields {
  readonly [field: string]: MergeField;
}

export interface MergeField {
  /** The elements of the list are told apart by this field; absent = it is a map. */
  readonly key?: string;
  /** Of the map, or of each element of the list. */
  readonly fields?: MergeFields;
}

const container: MergeFields = {
  env: { key: "name" },
  ports: { key: "containerPort" },
  volumeMounts: { key: "mountPath" },
  volumeDevices: { key: "devicePath" },
};

export const podSpecMerge: MergeFields = {
  containers: { key: "name", fields: container },
  initContainers: { key: "name", fields: container },
  ephemeralContainers: { key: "name", fields: container },
  volumes: { key: "name" },
  imagePullSecrets: { key: "name" },
  hostAliases: { key: "ip" },
  topologySpreadConstraints: { key: "topologyKey" },
  resourceClaims: { key: "name" },
  schedulingGates: { key: "name" },
};

const named: MergeFields = { parameters: { key: "name" }, artifacts: { key: "name" } };

/** How Argo merges a template over `templateDefaults`. */
export const templateMerge: MergeFields = {
  container: { fields: container },
  script: { fields: container },
  initContainers: { key: "name", fields: container },
  sidecars: { key: "name", fields: container },
  volumes: { key: "name" },
  tolerations: { key: "key" },
  hostAliases: { key: "ip" },
  inputs: { fields: named },
  outputs: { fields: named },
};

/** Fields of a pod's spec as Kubernetes has them, for "did you mean". */
export const podSpecFields: readonly string[] = [
  ...Object.keys(podSpecMerge),
  "activeDeadlineSeconds",
  "affinity",
  "automountServiceAccountToken",
  "dnsConfig",
  "dnsPolicy",
  "enableServiceLinks",
  "hostIPC",
  "hostNetwork",
  "hostPID",
  "hostUsers",
  "hostname",
  "nodeName",
  "nodeSelector",
  "os",
  "overhead",
  "preemptionPolicy",
  "priority",
  "priorityClassName",
  "readinessGates",
  "resources",
  "restartPolicy",
  "runtimeClassName",
  "schedulerName",
  "securityContext",
  "serviceAccount",
  "serviceAccountName",
  "setHostnameAsFQDN",
  "shareProcessNamespace",
  "subdomain",
  "terminationGracePeriodSeconds",
  "tolerations",
];
