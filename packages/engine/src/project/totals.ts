// What a node that holds others shows of them: how far they are, and what they took.
import { type Progress, progressText } from "../executor/progress.ts";
import type { ResourcesDuration } from "../metrics/resources-duration.ts";
import { isFulfilled, type Node, type NodeType } from "../run/state/node.ts";
import type { Run } from "../run/state/run.ts";
import type { LiveSteps } from "./live-step.ts";

interface Total {
  /** Of what leaves count as work: one each, or as much as a step says of itself. */
  done: number;
  work: number;
  /** Pods whose time is known, be it less than a second. */
  measured: number;
  cpu: number;
  memory: number;
}

/** `n/m`, the sum over the leaves; undefined where there are none. */
export interface ShownTotal {
  readonly progress: string | undefined;
  readonly resourcesDuration: ResourcesDuration | undefined;
}

const nothing = (): Total => ({ done: 0, work: 0, measured: 0, cpu: 0, memory: 0 });

function add(to: Total, { done, work, measured, cpu, memory }: Total): void {
  to.done += done;
  to.work += work;
  to.measured += measured;
  to.cpu += cpu;
  to.memory += memory;
}

/** What Argo counts as work. */
const leafTypes: ReadonlySet<NodeType> = new Set<NodeType>(["Pod", "Container", "HTTP", "Suspend"]);

/** Totals of all nodes: each leaf counts in every template that it lies in, and in the groups that list it. */
export class Totals {
  readonly #run: Run;
  readonly #live: LiveSteps;
  /** By id, of steps and dag templates. */
  readonly #templates = new Map<string, Total>();
  readonly #all = nothing();

  constructor(run: Run, live: LiveSteps) {
    this.#run = run;
    this.#live = live;
    for (const node of run.nodes.values()) if (leafTypes.has(node.type)) this.#count(node);
  }

  #count(leaf: Node): void {
    const own = this.#ownTotal(leaf);
    add(this.#all, own);
    for (let id = leaf.boundaryId; id !== undefined; id = this.#run.nodes.get(id)?.boundaryId) {
      const total = this.#templates.get(id) ?? nothing();
      this.#templates.set(id, total);
      add(total, own);
    }
  }

  /** Of the whole run, hooks included. */
  get all(): ShownTotal {
    return shown(this.#all);
  }

  of(node: Node): ShownTotal {
    return shown(this.#total(node));
  }

  #total(node: Node): Total {
    switch (node.type) {
      case "Pod":
      case "Container":
      case "HTTP":
      case "Suspend":
        return this.#ownTotal(node);
      case "Steps":
      case "DAG":
        return this.#templates.get(node.id) ?? nothing();
      case "StepGroup":
      case "TaskGroup":
      case "Retry": {
        const total = nothing();
        for (const id of node.children) {
          const child = this.#run.nodes.get(id);
          // Behind a group without members stands what comes after it.
          if (child !== undefined && child.type !== "StepGroup") add(total, this.#total(child));
        }
        return total;
      }
      case "Skipped":
        return nothing();
    }
  }

  #ownTotal(node: Node): Total {
    const { resourcesDuration: taken } = node;
    const { done, total: work } = this.#progressOf(node);
    return {
      ...{ done, work },
      measured: taken === undefined ? 0 : 1,
      cpu: taken?.cpu ?? 0,
      memory: taken?.memory ?? 0,
    };
  }

  /** What went well has done all of its work, whatever it said last. */
  #progressOf(node: Node): Progress {
    const told = isFulfilled(node) ? undefined : this.#live(node.stepId ?? node.id)?.progress;
    const { done, total } = told ?? node.progress ?? { done: 0, total: 1 };
    const isWell = node.phase === "Succeeded" || node.phase === "Skipped" || node.phase === "Omitted";
    return { done: isWell ? total : done, total };
  }
}

const shown = ({ done, work, measured, cpu, memory }: Total): ShownTotal => ({
  progress: work === 0 ? undefined : progressText({ done, total: work }),
  resourcesDuration: measured === 0 ? undefined : { cpu, memory },
});
