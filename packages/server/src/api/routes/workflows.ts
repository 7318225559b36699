// Argo Server's paths for workflows: create, lint, submit, list, get, delete.
import { isObject, isTraceparent } from "@sluice/base";
import type { RunQuery, WorkflowObject } from "@sluice/engine";
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
import { limitOf, maxPage, pageOf } from "../query/page.ts";
import { fieldSelector } from "../query/selector.ts";
import { type ApiCall, type ApiRoute, json } from "../route.ts";
import { lintOptions } from "./definitions/known.ts";

const listQuery = {
  "listOptions.labelSelector": "Kubernetes label selector",
  "listOptions.fieldSelector": "metadata.name, metadata.namespace or status.phase, with = or !=",
  "listOptions.limit": "most items of the answer; 0 = all",
  "listOptions.continue": "metadata.continue of the page before",
  createdAfter: "only workflows made at or after this time, RFC 3339",
  createdBefore: "only workflows made before this time",
  finishedAfter: "only workflows that ended at or after this time",
  finishedBefore: "only workflows that ended before this time",
  template: "only runs of this WorkflowTemplate, ClusterWorkflowTemplate or CronWorkflow",
  cause: "only workflows started by this event: its id, source or source/event",
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

/**
 * One page of runs, the newest first. Without a field selector the directory pages; with one, every run that fits the
 * label selector is looked at. Errors: SERVER_SELECTOR_INVALID, ENGINE_SELECTOR_INVALID, SERVER_REQUEST_INVALID.
 */
export async function workflowPage(
  deps: ServerDeps,
  call: Pick<ApiCall, "query">,
  namespace: string | undefined,
  query: RunQuery,
): Promise<{ readonly items: readonly WorkflowObject[]; readonly next: string }> {
  const limit = limitOf(call.query["listOptions.limit"], maxPage);
  const token = call.query["listOptions.continue"];
  const labels = call.query["listOptions.labelSelector"];
  const narrowed = {
    ...query,
    ...(labels === undefined || labels === "" ? {} : { labelSelector: labels }),
    ...narrowing(call),
  };
  const matches = workflowFilter(call);
  if (isByNameAlone(call)) {
    const after = token === undefined || token === "" ? {} : { continue: token };
    const list = await deps.runs.list(namespace, { ...narrowed, limit, ...after });
    return { items: list.items, next: list.continue ?? "" };
  }
  const found: WorkflowObject[] = [];
  for await (const workflow of everyRun(deps, namespace, narrowed))
    if (matches(workflow)) found.push(workflow);
  const page = pageOf(found, ageKey, { limit, token });
  return { items: page.items, next: page.next };
}

const times = ["createdAfter", "createdBefore", "finishedAfter", "finishedBefore"] as const;

/** What the directory itself can tell runs apart by. Errors: SERVER_REQUEST_INVALID for a time that is none. */
function narrowing(call: Pick<ApiCall, "query">): Partial<RunQuery> {
  const query: Record<string, unknown> = {};
  for (const name of ["template", "cause"] as const)
    if ((call.query[name] ?? "") !== "") query[name] = call.query[name];
  for (const name of times) {
    const text = call.query[name] ?? "";
    if (text === "") continue;
    const at = Date.parse(text);
    if (Number.isNaN(at))
      throw ServerError.REQUEST_INVALID({
        where: name,
        reason: `'${text.slice(0, 64)}' is no RFC 3339 time`,
      });
    query[name] = at;
  }
  const text = nameOf(call) ?? "";
  const how = (["Exact", "Prefix", "Contains"] as const).find(
    (h) => h === (call.query["nameFilter"] ?? "Exact"),
  );
  if (text !== "" && how !== undefined) query["name"] = { how, text };
  return query;
}

/** Nothing of the field selector is left for looking at each run. */
const isByNameAlone = (call: Pick<ApiCall, "query">): boolean =>
  (call.query["listOptions.fieldSelector"] ?? "").replace(namePattern, "").replaceAll(/[\s,]/g, "") === "";

/** Runs of every page, the newest first. */
export async function* everyRun(
  deps: ServerDeps,
  namespace: string | undefined,
  query: RunQuery,
): AsyncGenerator<WorkflowObject> {
  for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
    const page = await deps.runs.list(namespace, {
      ...query,
      ...(after === undefined ? {} : { continue: after }),
    });
    yield* page.items;
    after = page.continue;
  }
}

/** Grows along a list that has the newest first. */
function ageKey(workflow: WorkflowObject): string {
  const age = 9_000_000_000_000 - Date.parse(String(workflow.metadata["creationTimestamp"]));
  const key = String(Number.isNaN(age) ? 0 : age).padStart(14, "0");
  return `${key}/${workflow.metadata.uid}`;
}

/** Field selector and name filter of a list or watch. Errors: SERVER_SELECTOR_INVALID. */
export function workflowFilter(call: Pick<ApiCall, "query">): (workflow: WorkflowObject) => boolean {
  const how = call.query["nameFilter"] ?? "Exact";
  const text = call.query["listOptions.fieldSelector"];
  const wanted = nameOf(call) ?? "";
  const loose = wanted !== "" && (how === "Prefix" || how === "Contains");
  const fields = fieldSelector(loose ? text?.replace(namePattern, "") : text, visibleFields);
  return (workflow) => {
    const { name, namespace, uid } = workflow.metadata;
    if (loose && !(how === "Prefix" ? name.startsWith(wanted) : name.includes(wanted))) return false;
    const visible = { "metadata.name": name, "metadata.namespace": namespace, "metadata.uid": uid };
    return fields({ ...visible, "status.phase": workflow.status.phase });
  };
}

const visibleFields = ["metadata.name", "metadata.namespace", "metadata.uid", "status.phase"];

const namePattern = /(?<=^|,)\s*metadata\.name={1,2}([^,]*)/;

/** The name that a field selector asks for. */
export const nameOf = (call: Pick<ApiCall, "query">): string | undefined =>
  namePattern.exec(call.query["listOptions.fieldSelector"] ?? "")?.[1]?.trim();
