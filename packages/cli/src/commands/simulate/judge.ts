// What a simulated run is, against what a test expects of it.
import { parseSecondsOrDuration } from "@sluice/base";
import type { Simulated, WorkflowNode } from "@sluice/engine";
import type { ExpectedNode, TestExpectation } from "@sluice/spec";
import { matcherOf } from "./pattern.ts";

interface ParameterValue {
  readonly name: string;
  readonly value?: string;
}
type SeenNode = WorkflowNode & {
  readonly message?: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly inputs?: { readonly parameters?: readonly ParameterValue[] };
  readonly outputs?: { readonly parameters?: readonly ParameterValue[]; readonly result?: string };
};

/** Everything that is not as expected, in words; empty when all is. */
export function judge(simulated: Simulated, expected: TestExpectation): readonly string[] {
  const wrong: string[] = [];
  const { status } = simulated.workflow;
  const nodes = Object.values(status.nodes) as unknown as readonly SeenNode[];
  const differs = (
    what: string,
    want: string | undefined,
    came: string | undefined,
    pattern = false,
  ): void => {
    if (want === undefined) return;
    if (came !== undefined && (pattern ? matcherOf(want)(came) : want === came)) return;
    wrong.push(`${what}: expected ${show(want)}, got ${show(came)}`);
  };
  differs("phase", expected.phase, status.phase);
  differs("message", expected.message, status.message ?? "", true);
  for (const [name, want] of Object.entries(expected.nodes ?? {})) {
    const found = asked(nodes, name);
    if (found.length === 0) wrong.push(`node '${name}': expected, but it is not there${near(nodes)}`);
    const wanted = typeof want === "string" ? { phase: want } : want;
    for (const node of found) judgeNode(labelOf(node, name), node, wanted, differs);
  }
  wrong.push(...judgeAbsent(nodes, expected.absent ?? []));
  wrong.push(...judgeOrder(nodes, expected.order ?? []));
  for (const [name, want] of Object.entries(expected.outputs ?? {}))
    differs(`output '${name}'`, want, outputOf(simulated, nodes, name));
  if (expected.steps !== undefined && simulated.steps.length !== expected.steps)
    wrong.push(
      `steps: expected ${expected.steps} to run, ${simulated.steps.length} did: ${names(simulated)}`,
    );
  return [...wrong, ...judgeTime(simulated, expected.within), ...judgeWaiting(simulated, expected)];
}

const judgeAbsent = (nodes: readonly SeenNode[], absent: readonly string[]): readonly string[] =>
  absent.flatMap((name) => {
    const there = find(nodes, name);
    if (there === undefined) return [];
    const what = name.includes("*") ? `'${there.displayName}'` : "it";
    return [`node '${name}': expected to be absent, ${what} is ${there.phase}`];
  });

type Differs = (what: string, want: string | undefined, came: string | undefined, pattern?: boolean) => void;

function judgeNode(name: string, node: SeenNode, want: ExpectedNode, differs: Differs): void {
  const at = (field: string) => `node '${name}' ${field}`;
  differs(at("phase"), want.phase, node.phase);
  differs(at("type"), want.type, node.type);
  differs(at("message"), want.message, node.message ?? "", true);
  differs(at("result"), want.result, node.outputs?.result);
  for (const [parameter, value] of Object.entries(want.inputs ?? {}))
    differs(at(`input '${parameter}'`), value, parameterOf(node.inputs?.parameters, parameter));
  for (const [parameter, value] of Object.entries(want.outputs ?? {}))
    differs(at(`output '${parameter}'`), value, parameterOf(node.outputs?.parameters, parameter));
}

function judgeOrder(nodes: readonly SeenNode[], order: readonly string[]): readonly string[] {
  const wrong: string[] = [];
  for (const [i, name] of order.entries()) {
    const node = find(nodes, name);
    if (node === undefined) return [...wrong, `order: '${name}' is not there`];
    const before = i === 0 ? undefined : find(nodes, order[i - 1] ?? "");
    // A daemon goes on while what comes after it runs.
    const overAt = before?.podIP === undefined ? before?.finishedAt : before.startedAt;
    if (overAt == null || overAt <= node.startedAt) continue;
    wrong.push(`order: '${name}' started before '${order[i - 1]}' had ended`);
  }
  return wrong;
}

function judgeTime({ run }: Simulated, within: string | undefined): readonly string[] {
  if (within === undefined) return [];
  const boundMs = parseSecondsOrDuration(within);
  const tookMs = (run.finishedAt ?? run.now) - run.startedAt;
  if (boundMs === undefined) return [`within: '${within}' is neither seconds nor a duration such as 30s`];
  return tookMs <= boundMs ? [] : [`within: expected at most ${within}, it took ${tookMs / 1_000}s`];
}

/** A run that cannot go on is no surprise where its phase was expected to be Running. */
function judgeWaiting({ run, waiting }: Simulated, expected: TestExpectation): readonly string[] {
  if (run.stage === "done" || expected.phase === "Running" || expected.phase === "Pending") return [];
  const names = waiting.map((node) => `'${node.displayName}'`).join(", ");
  return [
    names === ""
      ? "it does not end: a step runs for ever, or the workflow is suspended (commands: [{ at: 0s, do: resume }])"
      : `it does not end: ${names} waits for a person (give it a mock with outputs)`,
  ];
}

/** Exported outputs come first, then those of the entrypoint. */
function outputOf(simulated: Simulated, nodes: readonly SeenNode[], name: string): string | undefined {
  const { outputs } = simulated.workflow.status as { readonly outputs?: SeenNode["outputs"] };
  const root = nodes.find((node) => node.name === simulated.workflow.metadata.name);
  return parameterOf(outputs?.parameters, name) ?? parameterOf(root?.outputs?.parameters, name);
}

const parameterOf = (parameters: readonly ParameterValue[] | undefined, name: string): string | undefined =>
  parameters?.find((p) => p.name === name)?.value;

/** By whole or display name, `*` for any characters; one that really ran before one that stands for it. */
function find(nodes: readonly SeenNode[], name: string): SeenNode | undefined {
  const named = namedLike(nodes, name);
  return named.find((node) => node.type !== "Skipped") ?? named[0];
}

/** Each that a name with `*` means, else the one of that name. */
function asked(nodes: readonly SeenNode[], name: string): readonly SeenNode[] {
  if (name.includes("*")) return namedLike(nodes, name);
  const node = find(nodes, name);
  return node === undefined ? [] : [node];
}

function namedLike(nodes: readonly SeenNode[], name: string): readonly SeenNode[] {
  const fits = matcherOf(name);
  return nodes.filter((node) => fits(node.name) || fits(node.displayName));
}

const labelOf = ({ displayName }: SeenNode, name: string): string =>
  name.includes("*") ? displayName : name;

const near = (nodes: readonly SeenNode[]): string => {
  const all = nodes.filter((node) => node.type !== "StepGroup").map((node) => node.displayName);
  return ` (there are: ${all.slice(0, 12).join(", ")}${all.length > 12 ? ", …" : ""})`;
};
const names = ({ steps }: Simulated): string =>
  steps
    .slice(0, 12)
    .map(({ request }) => request.node.name)
    .join(", ");
const show = (text: string | undefined): string =>
  text === undefined ? "nothing" : `'${text.length > 200 ? `${text.slice(0, 197)}…` : text}'`;
