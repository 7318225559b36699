// How long a run may take: as long as the last one of the same template that went well. Pure.
import type { WorkflowObject } from "../project/workflow-object.ts";

export interface Estimate {
  /** Whole seconds; 0 = less than one. */
  readonly seconds: number;
  /** By the node's name behind the run's own ("" is its root): whole seconds, where that is one at least. */
  readonly nodes: Readonly<Record<string, number>>;
}

/** Where estimates come from: a look at what is over, which may take its time and be wrong by a run. */
export interface Estimates {
  /** For a run with these labels; undefined when it is of no template, or none of its runs went well. */
  estimate(namespace: string, labels: Readonly<Record<string, string>>): Promise<Estimate | undefined>;
}

/** What a run's labels say of where it comes from: the order in which an estimate is looked for. */
export const originLabels = ["workflow-template", "cluster-workflow-template", "cron-workflow"].map(
  (name) => `workflows.argoproj.io/${name}`,
);

/** Nodes of which an estimate is kept, the longest first: it goes into the journal of each later run. */
const maxNodes = 1_000;

export const secondsBetween = (startedAt: number, finishedAt: number): number =>
  Math.max(0, Math.trunc((finishedAt - startedAt) / 1_000));

/** What the nodes of a run that is over took. */
export function nodeSeconds({ metadata, status }: WorkflowObject): Estimate["nodes"] {
  const taken = Object.values(status.nodes).flatMap(({ name, startedAt, finishedAt }) => {
    const seconds = secondsBetween(Date.parse(String(startedAt)), Date.parse(String(finishedAt)));
    return seconds > 0 && name.startsWith(metadata.name)
      ? [[name.slice(metadata.name.length), seconds] as const]
      : [];
  });
  return Object.fromEntries(taken.sort(([, a], [, b]) => b - a).slice(0, maxNodes));
}
