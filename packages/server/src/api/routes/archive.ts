// Finished runs in Argo's archive paths: the run directory has them all; here they are also found by uid.
import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import { project } from "../query/fields.ts";
import { type ApiRoute, json } from "../route.ts";
import { everyRun, workflowPage } from "./workflows.ts";

const finished = { phases: ["Succeeded", "Failed", "Error"] } as const;

export function archiveRoutes(deps: ServerDeps): readonly ApiRoute[] {
  return [
    {
      method: "GET",
      path: "/api/v1/archived-workflows",
      id: "listArchivedWorkflows",
      summary: "Finished workflows, the newest first",
      query: {
        "listOptions.fieldSelector": "metadata.namespace=…, metadata.name=…",
        "listOptions.labelSelector": "label selector",
        "listOptions.limit": "most items",
        "listOptions.continue": "metadata.continue of the page before",
        namespace: "only this namespace",
        fields: "paths to keep, or with '-' to drop",
      },
      handle: async (call) => {
        const namespace = call.query["namespace"];
        const page = await workflowPage(deps, call, namespace === "" ? undefined : namespace, finished);
        const metadata = page.next === "" ? {} : { continue: page.next };
        return json(project({ metadata, items: page.items }, call.query["fields"]));
      },
    },
    {
      method: "GET",
      path: "/api/v1/archived-workflows/:uid",
      id: "getArchivedWorkflow",
      summary: "A finished workflow by its uid",
      handle: async (call) => {
        const uid = call.params["uid"] ?? "";
        for await (const workflow of everyRun(deps, undefined, finished)) {
          if (workflow.metadata.uid === uid) return json(workflow);
        }
        throw ServerError.NOT_FOUND({ what: "finished workflow", name: uid });
      },
    },
  ];
}
