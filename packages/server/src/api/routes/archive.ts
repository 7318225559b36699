// Finished runs in Argo's archive paths. The run directory lists them too; here they are found by uid.
import { ServerError } from "../../errors.ts";
import type { ServerDeps, WorkflowObject } from "../ports.ts";
import { limitOf, maxPage, pageOf } from "../query/page.ts";
import { type ApiRoute, json } from "../route.ts";
import { workflowFilter } from "./workflows.ts";

const finished: ReadonlySet<string> = new Set(["Succeeded", "Failed", "Error"]);

export function archiveRoutes(deps: ServerDeps): readonly ApiRoute[] {
  const ended = async (namespace: string | undefined): Promise<WorkflowObject[]> =>
    (await deps.runs.list(namespace)).filter((workflow) => finished.has(workflow.status?.phase ?? ""));
  return [
    {
      method: "GET",
      path: "/api/v1/archived-workflows",
      id: "listArchivedWorkflows",
      summary: "Finished workflows",
      query: {
        "listOptions.fieldSelector": "metadata.namespace=…, metadata.name=…",
        "listOptions.labelSelector": "label selector",
        "listOptions.limit": "most items",
        "listOptions.continue": "metadata.continue of the page before",
        namespace: "only this namespace",
      },
      handle: async (call) => {
        const items = (await ended(call.query["namespace"])).filter(workflowFilter(call));
        const byUid = items.sort((a, b) => (a.metadata.uid < b.metadata.uid ? -1 : 1));
        const limit = limitOf(call.query["listOptions.limit"], maxPage);
        const page = pageOf(byUid, (w) => w.metadata.uid, {
          limit,
          token: call.query["listOptions.continue"],
        });
        return json({ metadata: page.next === "" ? {} : { continue: page.next }, items: page.items });
      },
    },
    {
      method: "GET",
      path: "/api/v1/archived-workflows/:uid",
      id: "getArchivedWorkflow",
      summary: "A finished workflow by its uid",
      handle: async (call) => {
        const uid = call.params["uid"] ?? "";
        const found = (await ended(undefined)).find((workflow) => workflow.metadata.uid === uid);
        if (found === undefined) throw ServerError.NOT_FOUND({ what: "finished workflow", name: uid });
        return json(found);
      },
    },
  ];
}
