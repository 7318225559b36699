// What a node that holds others shows of them: how far they are, and what they took.
import type { ResourcesDuration } from "../metrics/resources-duration.ts";
import type { Node } from "../run/state/node.ts";
import type { Run } from "../run/state/run.ts";

interface Total {
  done: number;
  pods: number;
  /** Pods whose time is known, be it less than a second. */
  measured: number;
  cpu: number;
  memory: number;
}

/** `n/m`, pods that went well of all there are; undefined where there are none. */
export interface ShownTotal {
  readonly progress: string | undefined;
  readonly resourcesDuration: ResourcesDuration | undefined;
}

const nothing = (): Total => ({ done: 0, pods: 0, measured: 0, cpu: 0, memory: 0 });

function add(to: Total, { done, pods, measured, cpu, memory }: Total): void {
  to.done += done;
  to.pods += pods;
  to.measured += measured;
  to.cpu += cpu;
  to.memory += memory;
}

/** Totals of all nodes: each pod counts in every template that it lies in, and in the groups that list it. */
export class Totals {
  readonly #run: Run;
  /** By id, of steps and dag templates. */
  readonly #templates = new Map<string, Total>();
  readonly #all = nothing();

  constructor(run: Run) {
    this.#run = run;
    for (const node of run.nodes.values()) if (node.type === "Pod") this.#count(node);
  }

  #count(pod: Node): void {
    const own = ownTotal(pod);
    add(this.#all, own);
    for (let id = pod.boundaryId; id !== undefined; id = this.#run.nodes.get(id)?.boundaryId) {
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
        return ownTotal(node);
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
      default:
        return nothing();
    }
  }
}

const ownTotal = ({ phase, resourcesDuration: taken }: Node): Total => ({
  done: phase === "Succeeded" ? 1 : 0,
  pods: 1,
  measured: taken === undefined ? 0 : 1,
  cpu: taken?.cpu ?? 0,
  memory: taken?.memory ?? 0,
});

const shown = ({ done, pods, measured, cpu, memory }: Total): ShownTotal => ({
  progress: pods === 0 ? undefined : `${done}/${pods}`,
  resourcesDuration: measured === 0 ? undefined : { cpu, memory },
});
