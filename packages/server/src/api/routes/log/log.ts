// The log of a workflow: the lines of its steps, chosen by node, time and text.
import { fnv32a, hasCode } from "@sluice/base";
import type { LogLine } from "@sluice/bus";
import type { WorkflowNode, WorkflowObject } from "@sluice/engine";
import type { ServerDeps } from "../../ports.ts";
import type { ApiAnswer, ApiCall } from "../../route.ts";
import { existing, keyOf } from "../workflows.ts";
import { labelsOfStep } from "./labels.ts";
import { type LogChoice, logChoice } from "./options.ts";

/** Errors: ENGINE_RUN_NOT_FOUND, SERVER_REQUEST_INVALID, ENGINE_SELECTOR_INVALID. */
export async function readLog(deps: ServerDeps, call: ApiCall): Promise<ApiAnswer> {
  const choice = logChoice(call, deps.clock.now());
  const workflow = await existing(deps, call);
  const { follow, tail } = choice;
  return {
    kind: "stream",
    async write(out, signal) {
      const lines = follow ? linesToTheEnd(deps, workflow, signal) : deps.stores.logs.read(keyOf(call), {});
      const entries = logEntries(deps, { workflow, choice }, lines);
      if (tail === undefined || follow) for await (const entry of entries) await out.send({ result: entry });
      else for (const entry of await lastOf(entries, tail)) await out.send({ result: entry });
    },
  };
}

type StoredLine = LogLine & { readonly nodeId: string; readonly attempt: number };

/** Lines as they come until the workflow has ended, and then those that were stored before its end but not yet seen. */
async function* linesToTheEnd(
  deps: ServerDeps,
  workflow: WorkflowObject,
  signal: AbortSignal,
): AsyncGenerator<StoredLine> {
  const { namespace, name } = workflow.metadata;
  const ended = new AbortController();
  const follow = AbortSignal.any([signal, ended.signal]);
  const end = untilFinished(deps, workflow, follow).finally(() => ended.abort());
  let seen = 0;
  for await (const line of deps.stores.logs.read({ namespace, name }, { follow })) {
    seen += 1;
    yield line;
  }
  await end;
  if (signal.aborted) return;
  for await (const line of deps.stores.logs.read({ namespace, name }, {})) {
    seen -= 1;
    if (seen < 0) yield line;
  }
}

interface LogEntry {
  readonly content: string;
  readonly podName: string;
  readonly nodeName: string;
  readonly at: string;
  readonly stream: "stdout" | "stderr";
}

async function* logEntries(
  deps: ServerDeps,
  { workflow, choice }: { readonly workflow: WorkflowObject; readonly choice: LogChoice },
  lines: AsyncIterable<StoredLine>,
): AsyncGenerator<LogEntry> {
  const { node: wanted, sinceMs, matches, labels } = choice;
  const nodes = new NodeNames(deps, workflow);
  for await (const line of lines) {
    if (line.at < sinceMs || !matches(line.text)) continue;
    const node = await nodes.of(line.nodeId);
    if (wanted !== "" && !isNamed(workflow, node, line.nodeId, wanted)) continue;
    if (labels !== undefined && !labels(labelsOfStep(nodes.workflow, node))) continue;
    if (choice.previous && !isPrevious(nodes.workflow, line.nodeId)) continue;
    yield {
      content: line.text,
      podName: podName(workflow, node, line.nodeId),
      nodeName: node?.displayName ?? line.nodeId,
      at: new Date(line.at).toISOString(),
      stream: line.stream,
    };
  }
}

async function lastOf<T>(items: AsyncIterable<T>, count: number): Promise<readonly T[]> {
  const kept: T[] = [];
  for await (const item of items) if (kept.push(item) > count) kept.shift();
  return kept;
}

const finished: ReadonlySet<string> = new Set(["Succeeded", "Failed", "Error"]);

async function untilFinished(deps: ServerDeps, workflow: WorkflowObject, signal: AbortSignal): Promise<void> {
  const { namespace, name } = workflow.metadata;
  for await (const { type, object } of deps.runs.watch(namespace, { name }, signal)) {
    if (type === "DELETED" || finished.has(object.status.phase)) return;
  }
}

/** Node ids to nodes; the workflow is read again when an id is new. */
class NodeNames {
  readonly #deps: ServerDeps;
  #workflow: WorkflowObject;
  readonly #unknown = new Set<string>();

  constructor(deps: ServerDeps, workflow: WorkflowObject) {
    this.#deps = deps;
    this.#workflow = workflow;
  }

  /** As it was read last. */
  get workflow(): WorkflowObject {
    return this.#workflow;
  }

  async of(id: string): Promise<WorkflowNode | undefined> {
    const known = this.#find(id);
    if (known !== undefined || this.#unknown.has(id)) return known;
    await this.#readAgain();
    if (this.#find(id) === undefined) this.#unknown.add(id);
    return this.#find(id);
  }

  /** One that is deleted while its lines are read stays as it was seen: the lines there are end the stream, not an error. */
  async #readAgain(): Promise<void> {
    const { namespace, name } = this.#workflow.metadata;
    try {
      this.#workflow = await this.#deps.runs.get(namespace, name);
    } catch (error) {
      if (!hasCode(error, "ENGINE_RUN_NOT_FOUND")) throw error;
    }
  }

  #find(id: string): WorkflowNode | undefined {
    const nodes = this.#workflow.status.nodes;
    return Object.hasOwn(nodes, id) ? nodes[id] : undefined;
  }
}

/** Whether it is the attempt before the newest one of a step that is tried again. */
function isPrevious({ status: { nodes } }: WorkflowObject, id: string): boolean {
  return Object.values(nodes).some((node) => {
    if (node.type !== "Retry" || !Array.isArray(node["children"])) return false;
    const attempts = (node["children"] as readonly string[]).filter((child) =>
      nodes[child]?.name.startsWith(`${node.name}(`),
    );
    return attempts.at(-2) === id;
  });
}

const isNamed = (
  workflow: WorkflowObject,
  node: WorkflowNode | undefined,
  id: string,
  wanted: string,
): boolean => [id, node?.name, node?.displayName, podName(workflow, node, id)].includes(wanted);

/** Argo's pod name, version 2: workflow, template and the hash of the node's name. */
function podName(workflow: WorkflowObject, node: WorkflowNode | undefined, id: string): string {
  const { name } = workflow.metadata;
  if (node === undefined) return id;
  if (node.name === name) return name;
  const template = node["templateName"];
  const prefix = typeof template === "string" && template !== "" ? `${name}-${template}` : name;
  return `${prefix.slice(0, 253 - 11)}-${fnv32a(node.name)}`;
}
