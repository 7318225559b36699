// Finished runs in Argo's archive paths, by their uid: the run directory has them all.
import type { WorkflowObject } from "@sluice/engine";
import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import { project } from "../query/fields.ts";
import { workflowPage } from "../query/workflows.ts";
import { type ApiCall, type ApiRoute, json } from "../route.ts";
import { againBody, resubmitOptions, retryOptions } from "./workflow-verbs.ts";

const phases = ["Succeeded", "Failed", "Error"];
const finished = { phases } as const;
const path = "/api/v1/archived-workflows/:uid";

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
        namePrefix: "only names that begin so",
        nameFilter: "Exact, Prefix or Contains: how metadata.name of the field selector is compared",
        fields: "paths to keep, or with '-' to drop",
      },
      handle: (call) => list(deps, call),
    },
    {
      method: "GET",
      path,
      id: "getArchivedWorkflow",
      summary: "A finished workflow by its uid, or by one that it had before it was tried again",
      query: { fields: "paths to keep, or with '-' to drop" },
      handle: async (call) => json(project(await existing(deps, call), call.query["fields"])),
    },
    {
      method: "DELETE",
      path,
      id: "deleteArchivedWorkflow",
      summary: "Delete a finished workflow",
      handle: async (call) => {
        await deps.runs.delete(keyOf(await existing(deps, call)), { by: call.user });
        return json({});
      },
    },
    {
      method: "PUT",
      path: `${path}/retry`,
      id: "retryArchivedWorkflow",
      summary: "Go on with a finished workflow that failed",
      body: againBody,
      handle: async (call) =>
        json(await deps.runs.retry(keyOf(await existing(deps, call)), retryOptions(call))),
    },
    {
      method: "PUT",
      path: `${path}/resubmit`,
      id: "resubmitArchivedWorkflow",
      summary: "Another workflow of the same manifest",
      body: againBody,
      handle: async (call) =>
        json(await deps.runs.resubmit(keyOf(await existing(deps, call)), resubmitOptions(call))),
    },
    {
      method: "GET",
      path: "/api/v1/archived-workflows-label-keys",
      id: "listArchivedWorkflowLabelKeys",
      summary: "Keys of the labels of finished workflows",
      query: { namespace: "only of this namespace" },
      handle: async (call) => json({ items: [...(await labelsOf(deps, call)).keys()] }),
    },
    {
      method: "GET",
      path: "/api/v1/archived-workflows-label-values",
      id: "listArchivedWorkflowLabelValues",
      summary: "Values of one label of finished workflows",
      query: { "listOptions.labelSelector": "the label's key", namespace: "only of this namespace" },
      handle: async (call) => {
        const key = call.query["listOptions.labelSelector"] ?? "";
        if (!/^[^\s,=!()]+$/.test(key))
          throw ServerError.REQUEST_INVALID({
            where: "listOptions.labelSelector",
            reason: "wanted the key of one label",
          });
        return json({ items: (await labelsOf(deps, call)).get(key) ?? [] });
      },
    },
  ];
}

const labelsOf = (deps: ServerDeps, call: ApiCall) =>
  deps.runs.labels((call.query["namespace"] ?? "") === "" ? undefined : call.query["namespace"]);

async function list(deps: ServerDeps, call: ApiCall) {
  const { namespace = "", namePrefix = "" } = call.query;
  const text = call.query["listOptions.fieldSelector"] ?? "";
  const asked =
    namePrefix === ""
      ? call
      : {
          query: {
            ...call.query,
            nameFilter: "Prefix",
            "listOptions.fieldSelector": [`metadata.name=${namePrefix}`, text]
              .filter((t) => t !== "")
              .join(","),
          },
        };
  const page = await workflowPage(deps, asked, namespace === "" ? undefined : namespace, finished);
  const metadata = page.next === "" ? {} : { continue: page.next };
  return json(project({ metadata, items: page.items }, call.query["fields"]));
}

const keyOf = ({ metadata: { namespace, name } }: WorkflowObject) => ({ namespace, name });

/** Errors: SERVER_NOT_FOUND, also for one that has not ended. */
async function existing(deps: ServerDeps, call: ApiCall): Promise<WorkflowObject> {
  const uid = call.params["uid"] ?? "";
  const found = await deps.runs.findByUid(uid);
  if (found === undefined || !phases.includes(found.status.phase))
    throw ServerError.NOT_FOUND({ what: "finished workflow", name: uid.slice(0, 64) });
  return found;
}
