// `retryStrategy.affinity.nodeAntiAffinity`: an attempt goes to a host on which none before it failed.
import { isObject } from "@sluice/base";
import type { Unit } from "../run/state/frames.ts";

/** Kubernetes' label of a node's host name. */
const hostLabel = "kubernetes.io/hostname";

/** Hosts of the attempts before, the last one first; none where the strategy does not ask for others. */
export function hostsToAvoid({ call, shape }: Unit): readonly string[] {
  if (shape.template.retryStrategy?.affinity?.nodeAntiAffinity === undefined) return [];
  const attempts = call.retry?.attempts ?? [];
  return [...new Set(attempts.toReversed().flatMap((node) => node.hostNodeName ?? []))];
}

/** The affinity of a pod, which may not run on these hosts besides. */
export function awayFrom(hosts: readonly string[], affinity: unknown): Record<string, unknown> {
  const elsewhere = { key: hostLabel, operator: "NotIn", values: [...hosts] };
  const own = objectOf(affinity);
  const node = objectOf(own["nodeAffinity"]);
  const required = objectOf(node["requiredDuringSchedulingIgnoredDuringExecution"]);
  const terms = Array.isArray(required["nodeSelectorTerms"]) ? required["nodeSelectorTerms"] : [];
  // Terms are alternatives: each of them has to keep away.
  const away = (terms.length === 0 ? [{}] : terms).map((term: unknown) => {
    const expressions = objectOf(term)["matchExpressions"];
    const before = Array.isArray(expressions) ? (expressions as unknown[]) : [];
    return { ...objectOf(term), matchExpressions: [...before, elsewhere] };
  });
  const nodeAffinity = {
    ...node,
    requiredDuringSchedulingIgnoredDuringExecution: { ...required, nodeSelectorTerms: away },
  };
  return { ...own, nodeAffinity };
}

const objectOf = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {});
