import type { Expectation } from "./expectations.ts";

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

/** Everything that is not as it should be; empty when all is. */
export function judge(seen: Seen, phases: readonly string[], expected: Expectation): readonly string[] {
  const wrong: string[] = [];
  const { status } = seen.workflow;
  if (!phases.includes(status.phase))
    wrong.push(
      `phase ${status.phase}${status.message === undefined ? "" : ` (${status.message})`}, not ${phases.join(" or ")}`,
    );
  const open = seen.nodes.filter((node) => node.finishedAt == null);
  if (open.length > 0) wrong.push(`nodes without an end: ${open.map((n) => n.displayName).join(", ")}`);
  if (expected.message?.test(status.message ?? "") === false)
    wrong.push(`message '${status.message ?? ""}' does not fit ${expected.message}`);
  wrong.push(...judgeNodes(seen, expected), ...judgeTexts(seen, expected));
  if (expected.leastSeconds !== undefined && seen.seconds < expected.leastSeconds)
    wrong.push(`it took ${seen.seconds} s, less than ${expected.leastSeconds}`);
  if (expected.atOnce !== undefined && seen.atOnce() > expected.atOnce)
    wrong.push(`${seen.atOnce()} leaves ran at once, more than ${expected.atOnce}`);
  const verdict = expected.judge?.(seen);
  return verdict === undefined ? wrong : [...wrong, verdict];
}

function judgeNodes(seen: Seen, expected: Expectation): readonly string[] {
  const wrong: string[] = [];
  const shown = seen.nodes.map((n) => `${n.displayName} ${n.type} ${n.phase} ${n.message ?? ""}`);
  for (const line of expected.nodes ?? [])
    if (!shown.some((text) => text.startsWith(line))) wrong.push(`no node '${line}'`);
  for (const name of expected.absent ?? [])
    if (seen.nodes.some((n) => n.displayName === name)) wrong.push(`a node '${name}'`);
  for (const [type, count] of Object.entries(expected.count ?? {})) {
    const found = seen.nodes.filter((n) => n.type === type).length;
    if (found !== count) wrong.push(`${found} nodes of type ${type}, not ${count}`);
  }
  return wrong;
}

function judgeTexts(seen: Seen, expected: Expectation): readonly string[] {
  const wrong: string[] = [];
  const fits = (text: string | undefined, want: string | RegExp) =>
    typeof want === "string" ? text === want : want.test(text ?? "");
  for (const [node, want] of Object.entries(expected.prints ?? {}))
    if (!seen.lines.some((line) => (node === "*" || line.node === node) && fits(line.text, want)))
      wrong.push(`${node === "*" ? "no node" : `'${node}' has not`} printed ${String(want)}`);
  for (const [name, want] of Object.entries(expected.outputs ?? {})) {
    const value = seen.workflow.status.outputs?.parameters?.find((p) => p.name === name)?.value;
    if (!fits(value, want)) wrong.push(`output '${name}' is ${JSON.stringify(value)}, not ${String(want)}`);
  }
  for (const [name, want] of Object.entries(expected.labels ?? {}))
    if (seen.workflow.metadata.labels?.[name] !== want)
      wrong.push(`label '${name}' is '${seen.workflow.metadata.labels?.[name]}', not '${want}'`);
  return wrong;
}
