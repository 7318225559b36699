// Server-sent events of workflows: the watch, and the log of steps.
import type { ServerDeps } from "../ports.ts";
import { nameOf, workflowFilter } from "../query/workflows.ts";
import type { ApiAnswer, ApiCall, ApiRoute } from "../route.ts";
import { readLog } from "./log/log.ts";
import { logQuery } from "./log/options.ts";

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
