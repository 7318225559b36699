/** What a run's end looks like through the API. */
export interface SeenNode {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly type: string;
  readonly phase: string;
  readonly message?: string;
  readonly startedAt?: string | null;
  readonly finishedAt?: string | null;
  readonly inputs?: { readonly parameters?: readonly Parameter[] };
  readonly outputs?: { readonly parameters?: readonly Parameter[]; readonly result?: string };
  readonly memoizationStatus?: { readonly hit?: boolean };
}
interface Parameter {
  readonly name: string;
  readonly value?: string;
}
export interface SeenWorkflow {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly status: {
    readonly phase: string;
    readonly message?: string;
    readonly startedAt: string | null;
    readonly finishedAt: string | null;
    readonly nodes: Readonly<Record<string, SeenNode>>;
    readonly outputs?: { readonly parameters?: readonly Parameter[] };
  };
}
export interface Line {
  readonly node: string;
  readonly text: string;
}

const leafTypes: ReadonlySet<string> = new Set(["Pod", "HTTP"]);
const at = (time: string | null | undefined): number => (time == null ? Number.NaN : Date.parse(time));

/** A run with what it printed, to be judged. */
export class Seen {
  readonly workflow: SeenWorkflow;
  readonly lines: readonly Line[];
  readonly nodes: readonly SeenNode[];

  constructor(workflow: SeenWorkflow, lines: readonly Line[]) {
    this.workflow = workflow;
    this.lines = lines;
    this.nodes = Object.values(workflow.status.nodes);
  }

  get phase(): string {
    return this.workflow.status.phase;
  }
  get root(): SeenNode | undefined {
    return this.workflow.status.nodes[this.workflow.metadata.name];
  }
  /** The first node of a display name that really is there, before those that stand in for it. */
  node(displayName: string): SeenNode | undefined {
    const named = this.nodes.filter((node) => node.displayName === displayName);
    return named.find((node) => node.type !== "Skipped") ?? named[0];
  }
  phaseOf(displayName: string): string {
    return this.node(displayName)?.phase ?? "not there";
  }
  /** Whether the one had ended when the other began. */
  isBefore(first: string, second: string): boolean {
    return at(this.node(first)?.finishedAt) <= at(this.node(second)?.startedAt);
  }
  /** Whether the one ended no later than the other. */
  isOverBefore(first: string, second: string): boolean {
    return at(this.node(first)?.finishedAt) <= at(this.node(second)?.finishedAt);
  }
  get seconds(): number {
    const { startedAt, finishedAt } = this.workflow.status;
    return (at(finishedAt) - at(startedAt)) / 1_000;
  }
  /** Most leaves that ran at one moment, of those whose display name matches. */
  atOnce(which: RegExp = /./): number {
    const marks = this.nodes
      .filter((node) => leafTypes.has(node.type) && which.test(node.displayName))
      .flatMap((node) => [
        { at: at(node.startedAt), by: 1 },
        { at: at(node.finishedAt), by: -1 },
      ])
      .sort((a, b) => a.at - b.at || a.by - b.by);
    let running = 0;
    let most = 0;
    for (const mark of marks) {
      running += mark.by;
      most = Math.max(most, running);
    }
    return most;
  }
}
