import { formatDuration } from "@sluice/base";
import { type NodeStatus, outputsOf, phaseOf, type WorkflowObject } from "../client/workflow-object.ts";
import type { Palette } from "./colour.ts";
import { treeOf } from "./node-tree.ts";
import { renderTable } from "./table.ts";
import { oneLine, shownTime } from "./text.ts";

export interface ViewOptions {
  readonly palette: Palette;
  /** Epoch ms: for the durations of what still runs. */
  readonly now: number;
  readonly wide?: boolean;
  /** Width of the terminal: longer lines are cut. Absent: they are not. */
  readonly columns?: number | undefined;
  /** Which nodes are shown; absent: all. */
  readonly nodeTest?: ((node: NodeStatus) => boolean) | undefined;
  /** Lines and signs of ASCII alone. */
  readonly ascii?: boolean | undefined;
}

const symbols: Readonly<Record<string, string>> = {
  Pending: "◷",
  Running: "●",
  Succeeded: "✔",
  Skipped: "○",
  Failed: "✖",
  Error: "⚠",
  Omitted: "○",
};

const asciiOf: Readonly<Record<string, string>> = {
  ...{ "├": "+", "└": "`", "│": "|", "─": "-", "┬": "+" },
  ...{ "◷": "p", "●": "r", "✔": "v", "✖": "x", "⚠": "!", "○": "o" },
};

export function paint(phase: string, palette: Palette): (text: string) => string {
  if (phase === "Succeeded") return palette.good;
  if (phase === "Failed" || phase === "Error") return palette.bad;
  if (phase === "Running") return palette.busy;
  return phase === "Pending" ? palette.warn : palette.dim;
}

/** The whole view of `sluice get`: head, parameters, outputs and the tree. */
export function renderWorkflow(workflow: WorkflowObject, options: ViewOptions): string {
  return [...headOf(workflow, options), "", renderTree(workflow, options), ...outputLines(workflow)].join(
    "\n",
  );
}

/** Its head alone: what is known of one that has just been started. */
export const renderHead = (workflow: WorkflowObject, options: ViewOptions): string =>
  headOf(workflow, options).join("\n");

function headOf(workflow: WorkflowObject, { palette, now }: ViewOptions): string[] {
  const status = workflow.status ?? {};
  const phase = phaseOf(workflow);
  const age = Date.parse(workflow.metadata.creationTimestamp ?? "");
  const ago = Number.isNaN(age) ? "" : palette.dim(`  (${formatDuration(Math.max(0, now - age))} ago)`);
  const row = (name: string, value: string | undefined) =>
    value === undefined || value === "" ? [] : [`${`${name}:`.padEnd(21)}${value}`];
  const parameters = workflow.spec.arguments?.parameters ?? [];
  return [
    ...row("Name", workflow.metadata.name),
    ...row("Namespace", workflow.metadata.namespace),
    ...row("ServiceAccount", workflow.spec.serviceAccountName ?? "unset"),
    ...row(
      "Status",
      paint(
        phase,
        palette,
      )(workflow.spec.suspend === true && phase === "Running" ? `${phase} (Suspended)` : phase),
    ),
    ...row("Message", oneLine(status.message ?? "", 200)),
    ...row("Created", `${shownTime(workflow.metadata.creationTimestamp)}${ago}`),
    ...row("Started", shownTime(status.startedAt)),
    ...row("Finished", shownTime(status.finishedAt)),
    ...row("Duration", durationOf(status, now)),
    ...row("EstimatedDuration", phase === "Running" ? estimateOf(status) : undefined),
    ...row("Progress", status.progress),
    ...row("Creator", workflow.metadata.labels?.["workflows.argoproj.io/creator"]),
    ...(parameters.length === 0 ? [] : ["Parameters:"]),
    ...parameters.map((p) => `  ${`${oneLine(p.name, 60)}:`.padEnd(19)}${oneLine(p.value ?? "", 100)}`),
  ];
}

/** The tree alone: what `watch` and the demo redraw. */
export function renderTree(workflow: WorkflowObject, options: ViewOptions): string {
  const { palette, now, ascii, nodeTest } = options;
  const drawn = (text: string): string =>
    ascii === true ? text.replaceAll(/[├└│─┬◷●✔✖⚠○]/g, (sign) => asciiOf[sign] ?? sign) : text;
  const rows = treeOf(workflow, nodeTest).map(({ lead, node }) => [
    `${palette.dim(drawn(lead))}${paint(node.phase, palette)(drawn(symbols[node.phase] ?? "?"))} ${oneLine(node.displayName, 60)}`,
    node.templateName ?? "",
    palette.dim(isLeaf(node) || node.phase === "Running" ? takenOf(node, now) : ""),
    ...(options.wide === true ? [node.id] : []),
    messageOf(node, palette),
  ]);
  const header = ["STEP", "TEMPLATE", "DURATION", ...(options.wide === true ? ["NODE"] : []), "MESSAGE"];
  return renderTable(header, rows, options.columns);
}

const isLeaf = (node: NodeStatus): boolean =>
  ["Pod", "Retry", "Suspend", "Container", "HTTP"].includes(node.type);

/** A step that says nothing of its progress is 0/1. */
const saysProgress = ({ type, progress = "0/1" }: NodeStatus): boolean =>
  type === "Pod" && progress !== "0/1";

function messageOf(node: NodeStatus, palette: Palette): string {
  if (node.message !== undefined && node.message !== "") return oneLine(node.message, 120);
  if (node.phase === "Running" && saysProgress(node)) return palette.busy(node.progress ?? "");
  const result = node.outputs?.result;
  return result === undefined ? "" : palette.dim(`→ ${oneLine(result, 80)}`);
}

function outputLines(workflow: WorkflowObject): string[] {
  const parameters = outputsOf(workflow);
  if (parameters.length === 0) return [];
  return [
    "",
    "Output parameters:",
    ...parameters.map((p) => `  ${`${oneLine(p.name, 60)}:`.padEnd(19)}${oneLine(p.value ?? "", 100)}`),
  ];
}

const estimateOf = ({ estimatedDuration }: { readonly estimatedDuration?: number }): string | undefined =>
  estimatedDuration === undefined ? undefined : formatDuration(estimatedDuration * 1_000);

/** How long a node took; of one that runs, also how long it may take. */
function takenOf(node: NodeStatus, now: number): string {
  const taken = durationOf(node, now) ?? "";
  const estimate = node.phase === "Running" ? estimateOf(node) : undefined;
  return estimate === undefined ? taken : `${taken} of ~${estimate}`;
}

/** How long from start to end (or now); undefined when it has not started. */
export function durationOf(
  span: { readonly startedAt?: string | null; readonly finishedAt?: string | null },
  now: number,
): string | undefined {
  // The API has `null` for what has not happened, as Argo's has.
  const start = Date.parse(span.startedAt ?? "");
  if (Number.isNaN(start)) return undefined;
  const end = Date.parse(span.finishedAt ?? "");
  return formatDuration(Math.max(0, (Number.isNaN(end) ? now : end) - start));
}
