// Lists of workflows: what a query asks for, how much of it the directory can do, and the pages.
import type { RunQuery, WorkflowObject } from "@sluice/engine";
import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import type { ApiCall } from "../route.ts";
import { limitOf, maxPage, pageOf } from "./page.ts";
import { fieldSelector } from "./selector.ts";

/** Query parameters of a list. */
export const listQuery = {
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
