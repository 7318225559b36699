// How a step and its pod find each other.
import { hashId, nameSuffix } from "@sluice/base";
import type { StepRequest } from "@sluice/engine";
import type { KubeObject } from "@sluice/kube";

export const mainContainer = "main";

/** Labels are short and indexed: the step's is a hash, its full id is an annotation. */
export const label = {
  install: "sluice.dev/install",
  step: "sluice.dev/step",
  run: "sluice.dev/run",
  workflow: "workflows.argoproj.io/workflow",
  completed: "workflows.argoproj.io/completed",
} as const;

export const annotation = {
  stepId: "sluice.dev/step-id",
  /** What marks our own lines in the pod's log. */
  mark: "sluice.dev/mark",
  nodeId: "workflows.argoproj.io/node-id",
  nodeName: "workflows.argoproj.io/node-name",
} as const;

/** The pod's name: readable, at most 63 characters, and a function of the step's id. */
export function podName(step: StepRequest): string {
  const suffix = nameSuffix(step.id, 12);
  const readable = `${slug(step.run.name)}-${slug(step.node.template)}`
    .slice(0, 62 - suffix.length)
    .replace(/^-+|-+$/g, "");
  return readable === "" ? `step-${suffix}` : `${readable}-${suffix}`;
}

const slug = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, "-");

export const stepLabel = (stepId: string): string => hashId(stepId).slice(0, 40);

/** A text as a label's value: itself where Kubernetes takes it, else a hash of it. */
export const labelValue = (text: string): string =>
  /^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/.test(text) ? text : hashId(text).slice(0, 40);

export const stepIdOf = (pod: KubeObject): string | undefined =>
  pod.metadata.annotations?.[annotation.stepId];
export const installOf = (pod: KubeObject): string | undefined => pod.metadata.labels?.[label.install];
