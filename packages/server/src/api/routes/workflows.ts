// Argo Server's paths for workflows: create, lint, submit, list, get, delete.
import { isObject, isTraceparent } from "@sluice/base";
import type { WorkflowObject } from "@sluice/engine";
import {
  type Issue,
  type LintPurpose,
  lintWorkflow,
  mergeSpecs,
  parseWorkflow,
  requireNoErrors,
  runIdentity,
  type Workflow,
} from "@sluice/spec";
import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import { project } from "../query/fields.ts";
import { listQuery, workflowPage } from "../query/workflows.ts";
import { type ApiCall, type ApiRoute, json } from "../route.ts";
import { lintOptions } from "./definitions/known.ts";

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
      handle: async (call) => json((await checked(deps, call, "lint")).workflow),
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
        await deps.runs.delete(keyOf(call), { by: call.user });
        return json({});
      },
    },
  ];
}

export const keyOf = (call: ApiCall) => ({
  namespace: call.params["namespace"] ?? "",
  name: call.params["name"] ?? "",
});

/** Errors: ENGINE_RUN_NOT_FOUND. */
export const existing = (deps: ServerDeps, call: ApiCall): Promise<WorkflowObject> =>
  deps.runs.get(keyOf(call).namespace, keyOf(call).name);

async function create(deps: ServerDeps, call: ApiCall) {
  const body = isObject(call.body) ? call.body : {};
  const { dryRun } = isObject(body["createOptions"]) ? body["createOptions"] : {};
  const found = await checked(deps, call);
  if (Array.isArray(dryRun) && dryRun.length > 0) return json(found.workflow);
  return start(deps, call, found, body["serverDryRun"] === true);
}

/** A workflow that was parsed and linted, and what lint warned of. */
export interface CheckedWorkflow {
  readonly workflow: Workflow;
  readonly warnings: readonly Issue[];
}

/** Starts a run of it, unless it is only to be tried. Errors: SERVER_REQUEST_INVALID, those of the directory. */
export async function start(
  deps: ServerDeps,
  call: ApiCall,
  { workflow, warnings }: CheckedWorkflow,
  isDry: boolean,
) {
  const namespace = call.params["namespace"] ?? "";
  if (isDry) return json(asMade(deps, workflow));
  const key = call.headers["idempotency-key"];
  if (key !== undefined && (key === "" || key.length > 256)) {
    throw ServerError.REQUEST_INVALID({ where: "Idempotency-Key", reason: "wanted 1 to 256 characters" });
  }
  const traceparent = call.headers["traceparent"];
  const submitted = await deps.runs.submit(workflow, {
    namespace,
    by: { kind: "api", user: call.user },
    ...(key === undefined ? {} : { cause: `key:${namespace}:${key}` }),
    ...(traceparent === undefined || !isTraceparent(traceparent) ? {} : { traceparent }),
  });
  const { name } = submitted.workflow.metadata;
  deps.log.info("workflow submitted", { namespace, run: name, warnings: warnings.length });
  return json(submitted.workflow);
}

/** As it would be made, as Kubernetes answers a dry run: with a name and a uid that nothing will have. */
function asMade({ clock, random }: ServerDeps, workflow: Workflow): object {
  const { name, uid } = runIdentity(workflow.metadata, random.id());
  const creationTimestamp = new Date(clock.now()).toISOString().replace(/\.\d{3}Z$/, "Z");
  return { ...workflow, metadata: { ...workflow.metadata, name, uid, creationTimestamp } };
}

const checked = (deps: ServerDeps, call: ApiCall, purpose: LintPurpose = "run"): Promise<CheckedWorkflow> =>
  checkedWorkflow(deps, call, isObject(call.body) ? call.body["workflow"] : undefined, purpose);

/** A workflow that came as JSON, parsed and linted. Errors: SPEC_INVALID with every issue, SERVER_REQUEST_INVALID. */
export async function checkedWorkflow(
  deps: ServerDeps,
  call: ApiCall,
  sent: unknown,
  purpose: LintPurpose = "run",
): Promise<CheckedWorkflow> {
  const read = parseWorkflow(sent);
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
  const options = { ...(await lintOptions(deps, namespace, [read.value])), purpose };
  const issues = [...read.issues, ...lintWorkflow(withDefaults(deps, read.value), options)];
  requireNoErrors(issues);
  return {
    workflow: { ...read.value, metadata: { ...read.value.metadata, namespace } },
    warnings: issues,
  };
}

/** As it will be run: what the settings give every workflow is there. */
function withDefaults({ defaults }: ServerDeps, workflow: Workflow): Workflow {
  const spec = defaults?.spec;
  return spec === undefined ? workflow : { ...workflow, spec: mergeSpecs(workflow.spec, spec) };
}

async function list(deps: ServerDeps, call: ApiCall) {
  const page = await workflowPage(deps, call, call.params["namespace"], {});
  const metadata = page.next === "" ? {} : { continue: page.next };
  const body = { apiVersion: "argoproj.io/v1alpha1", kind: "WorkflowList", metadata, items: page.items };
  return json(project(body, call.query["fields"]));
}
