// Argo Server's paths for workflows: create, lint, submit, list, get, delete.
import { isObject } from "@sluice/base";
import { type Issue, lintWorkflow, parseWorkflow, requireNoErrors, type Workflow } from "@sluice/spec";
import { ServerError } from "../../errors.ts";
import type { ServerDeps, WorkflowObject } from "../ports.ts";
import { project } from "../query/fields.ts";
import { limitOf, maxPage, pageOf } from "../query/page.ts";
import { fieldSelector, labelSelector } from "../query/selector.ts";
import { type ApiCall, type ApiRoute, json } from "../route.ts";

const listQuery = {
  "listOptions.labelSelector": "Kubernetes label selector",
  "listOptions.fieldSelector": "metadata.name, metadata.namespace or status.phase, with = or !=",
  "listOptions.limit": "most items of the answer; 0 = all",
  "listOptions.continue": "metadata.continue of the page before",
  nameFilter: "Exact, Prefix or Contains: how metadata.name of the field selector is compared",
  fields: "paths to keep, or with '-' to drop",
};

const workflowBody = {
  type: "object",
  required: ["workflow"],
  properties: {
    workflow: { type: "object" },
    serverDryRun: { type: "boolean" },
    createOptions: { type: "object" },
  },
};

export function workflowRoutes(deps: ServerDeps): readonly ApiRoute[] {
  return [
    {
      method: "POST",
      path: "/api/v1/workflows/:namespace",
      id: "createWorkflow",
      summary: "Submit a workflow. An Idempotency-Key header makes a repeat give the same run.",
      body: workflowBody,
      handle: (call) => create(deps, call),
    },
    {
      method: "POST",
      path: "/api/v1/workflows/:namespace/lint",
      id: "lintWorkflow",
      summary: "Check a workflow: 400 with every issue, or the workflow",
      body: workflowBody,
      handle: (call) => json(checked(deps, call).workflow),
    },
    {
      method: "POST",
      path: "/api/v1/workflows/:namespace/submit",
      id: "submitWorkflow",
      summary: "Submit from a stored template (not there yet)",
      body: {
        type: "object",
        properties: { resourceKind: { type: "string" }, resourceName: { type: "string" } },
      },
      handle: (call) => {
        const kind = isObject(call.body) ? String(call.body["resourceKind"] ?? "") : "";
        throw ServerError.NOT_YET({ what: `submitting from resourceKind '${kind.slice(0, 64)}'` });
      },
    },
    ...["/api/v1/workflows", "/api/v1/workflows/:namespace"].map(
      (path): ApiRoute => ({
        method: "GET",
        path,
        id: path.endsWith(":namespace") ? "listWorkflows" : "listWorkflowsOfAllNamespaces",
        summary: "List workflows, the newest first",
        query: listQuery,
        handle: (call) => list(deps, call),
      }),
    ),
    {
      method: "GET",
      path: "/api/v1/workflows/:namespace/:name",
      id: "getWorkflow",
      summary: "One workflow with its status",
      query: { fields: listQuery.fields },
      handle: async (call) => json(project(await existing(deps, call), call.query["fields"])),
    },
    {
      method: "DELETE",
      path: "/api/v1/workflows/:namespace/:name",
      id: "deleteWorkflow",
      summary: "Delete a workflow, stopping it first when it runs",
      handle: async (call) => {
        await existing(deps, call);
        await deps.runs.delete(keyOf(call), call.user);
        return json({});
      },
    },
  ];
}

export const keyOf = (call: ApiCall) => ({
  namespace: call.params["namespace"] ?? "",
  name: call.params["name"] ?? "",
});

/** Errors: SERVER_NOT_FOUND. */
export async function existing(deps: ServerDeps, call: ApiCall): Promise<WorkflowObject> {
  const key = keyOf(call);
  const workflow = await deps.runs.get(key);
  if (workflow === undefined) {
    throw ServerError.NOT_FOUND({ what: "workflow", name: `${key.namespace}/${key.name}` });
  }
  return workflow;
}

async function create(deps: ServerDeps, call: ApiCall) {
  const { workflow, warnings } = checked(deps, call);
  const namespace = call.params["namespace"] ?? "";
  if (isObject(call.body) && call.body["serverDryRun"] === true) return json(workflow);
  const key = call.headers["idempotency-key"];
  if (key !== undefined && (key === "" || key.length > 256)) {
    throw ServerError.REQUEST_INVALID({ where: "Idempotency-Key", reason: "wanted 1 to 256 characters" });
  }
  const cause = key === undefined ? deps.random.id() : `key:${namespace}:${key}`;
  const submitted = await deps.runs.submit({
    workflow,
    namespace,
    cause,
    by: { kind: "api", user: call.user },
    causes: [],
  });
  if (submitted.kind === "name-taken") {
    throw ServerError.NAME_TAKEN({ namespace, name: workflow.metadata.name ?? "" });
  }
  deps.log.info("workflow submitted", {
    namespace,
    run: submitted.workflow.metadata.name,
    warnings: warnings.length,
  });
  return json(submitted.workflow);
}

/** The body's workflow, parsed and linted. Errors: SPEC_INVALID with every issue, SERVER_REQUEST_INVALID. */
function checked(
  deps: ServerDeps,
  call: ApiCall,
): { readonly workflow: Workflow; readonly warnings: readonly Issue[] } {
  const body = isObject(call.body) ? call.body : {};
  const read = parseWorkflow(body["workflow"]);
  if (read.value === undefined) {
    requireNoErrors(read.issues);
    throw ServerError.REQUEST_INVALID({ where: "workflow", reason: "is no Workflow" });
  }
  const namespace = call.params["namespace"] ?? "";
  const named = read.value.metadata.namespace;
  if (named !== undefined && named !== namespace) {
    throw ServerError.REQUEST_INVALID({
      where: "workflow.metadata.namespace",
      reason: `'${named}' is not the namespace '${namespace}' of the path`,
    });
  }
  const issues = [...read.issues, ...lintWorkflow(read.value, deps.lint)];
  requireNoErrors(issues);
  return {
    workflow: { ...read.value, metadata: { ...read.value.metadata, namespace } },
    warnings: issues,
  };
}

async function list(deps: ServerDeps, call: ApiCall) {
  const matches = workflowFilter(call);
  const all = await deps.runs.list(call.params["namespace"]);
  const found = all.filter(matches).sort((a, b) => (ageKey(a) < ageKey(b) ? -1 : 1));
  const limit = limitOf(call.query["listOptions.limit"], maxPage);
  const page = pageOf(found, ageKey, { limit, token: call.query["listOptions.continue"] });
  const body = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "WorkflowList",
    metadata: {
      ...(page.next === "" ? {} : { continue: page.next, remainingItemCount: page.remaining }),
    },
    items: page.items,
  };
  return json(project(body, call.query["fields"]));
}

/** Newest first, and unique: what a list is sorted and paged by. */
function ageKey(workflow: WorkflowObject): string {
  const age = 9_000_000_000_000 - Date.parse(workflow.metadata.creationTimestamp);
  const key = String(Number.isNaN(age) ? 0 : age).padStart(14, "0");
  return `${key}/${workflow.metadata.namespace}/${workflow.metadata.name}`;
}

/** Label selector, field selector and name filter of a list or watch. Errors: SERVER_SELECTOR_INVALID. */
export function workflowFilter(call: Pick<ApiCall, "query">): (workflow: WorkflowObject) => boolean {
  const labels = labelSelector(call.query["listOptions.labelSelector"]);
  const how = call.query["nameFilter"] ?? "Exact";
  const fieldText = call.query["listOptions.fieldSelector"];
  const wantedName = /(?:^|,)\s*metadata\.name=+([^,]*)/.exec(fieldText ?? "")?.[1];
  const loose = wantedName !== undefined && (how === "Prefix" || how === "Contains");
  const fields = fieldSelector(loose ? fieldText?.replace(/metadata\.name=+[^,]*/, "") : fieldText);
  return (workflow) => {
    const { name, namespace, uid } = workflow.metadata;
    if (loose && !(how === "Prefix" ? name.startsWith(wantedName) : name.includes(wantedName))) return false;
    const phase = workflow.status?.phase ?? "";
    const visible = {
      "metadata.name": name,
      "metadata.namespace": namespace,
      "metadata.uid": uid,
      "status.phase": phase,
    };
    return fields(visible) && labels(workflow.metadata.labels ?? {});
  };
}
