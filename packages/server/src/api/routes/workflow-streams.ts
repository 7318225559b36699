// Server-sent events of workflows: the watch, and the log of steps.
import { fnv32a } from "@sluice/base";
import type { LogLine } from "@sluice/bus";
import type { WorkflowNode, WorkflowObject } from "@sluice/engine";
import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import type { ApiAnswer, ApiCall, ApiRoute } from "../route.ts";
import { existing, keyOf, nameOf, workflowFilter } from "./workflows.ts";

const logQuery = {
  podName: "only this node: its pod's name, its id, its name or its display name",
  "logOptions.container": "accepted; steps have one log",
  "logOptions.follow": "true = go on until the workflow ends",
  "logOptions.tailLines": "only the last so many lines of what is there; not with follow",
  grep: "only lines that contain this text",
};

export function workflowStreamRoutes(deps: ServerDeps): readonly ApiRoute[] {
  const watch = (path: string, id: string): ApiRoute => ({
    method: "GET",
    path,
    id,
    summary: "Watch workflows: first all there are as ADDED, then every change",
    query: {
      "listOptions.labelSelector": "label selector",
      "listOptions.fieldSelector": "field selector",
      nameFilter: "as for lists",
    },
    streams: true,
    handle: (call) => watchWorkflows(deps, call),
  });
  const log = (path: string, id: string): ApiRoute => ({
    method: "GET",
    path,
    id,
    summary: "Lines of a workflow's steps",
    query: logQuery,
    streams: true,
    handle: (call) => readLog(deps, call),
  });
  return [
    watch("/api/v1/workflow-events", "watchWorkflowsOfAllNamespaces"),
    watch("/api/v1/workflow-events/:namespace", "watchWorkflows"),
    log("/api/v1/workflows/:namespace/:name/log", "workflowLogs"),
    log("/api/v1/workflows/:namespace/:name/:podName/log", "podLogs"),
  ];
}

function watchWorkflows(deps: ServerDeps, call: ApiCall): ApiAnswer {
  const matches = workflowFilter(call);
  const labels = call.query["listOptions.labelSelector"] ?? "";
  const name = (call.query["nameFilter"] ?? "Exact") === "Exact" ? (nameOf(call) ?? "") : "";
  const query = { ...(labels === "" ? {} : { labelSelector: labels }), ...(name === "" ? {} : { name }) };
  return {
    kind: "stream",
    async write(out, signal) {
      for await (const change of deps.runs.watch(call.params["namespace"], query, signal)) {
        if (matches(change.object)) await out.send({ result: change });
      }
    },
  };
}

async function readLog(deps: ServerDeps, call: ApiCall): Promise<ApiAnswer> {
  const workflow = await existing(deps, call);
  const tail = tailOf(call.query["logOptions.tailLines"]);
  const follow = call.query["logOptions.follow"] === "true";
  return {
    kind: "stream",
    async write(out, signal) {
      const lines = follow ? linesToTheEnd(deps, workflow, signal) : deps.stores.logs.read(keyOf(call), {});
      const entries = logEntries(deps, call, workflow, lines);
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
  call: ApiCall,
  workflow: WorkflowObject,
  lines: AsyncIterable<StoredLine>,
): AsyncGenerator<LogEntry> {
  const wanted = call.params["podName"] ?? call.query["podName"] ?? "";
  const grep = call.query["grep"] ?? "";
  const nodes = new NodeNames(deps, workflow);
  for await (const line of lines) {
    const node = await nodes.of(line.nodeId);
    if (wanted !== "" && !isNamed(workflow, node, line.nodeId, wanted)) continue;
    if (grep !== "" && !line.text.includes(grep)) continue;
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

function tailOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const lines = Number(text);
  if (!Number.isInteger(lines) || lines < 0 || lines > 1_000_000) {
    throw ServerError.REQUEST_INVALID({
      where: "logOptions.tailLines",
      reason: "is no number from 0 to 1000000",
    });
  }
  return lines;
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

  async of(id: string): Promise<WorkflowNode | undefined> {
    const known = this.#find(id);
    if (known !== undefined || this.#unknown.has(id)) return known;
    const { namespace, name } = this.#workflow.metadata;
    this.#workflow = await this.#deps.runs.get(namespace, name);
    if (this.#find(id) === undefined) this.#unknown.add(id);
    return this.#find(id);
  }

  #find(id: string): WorkflowNode | undefined {
    const nodes = this.#workflow.status.nodes;
    return Object.hasOwn(nodes, id) ? nodes[id] : undefined;
  }
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
