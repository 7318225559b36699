// Argo Server's paths for cron workflows: create, lint, list, get, update, delete, suspend, resume.
import { isObject } from "@sluice/base";
import { type CronWorkflow, type LintPurpose, lintObject, parseObject, requireNoErrors } from "@sluice/spec";
import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import { project } from "../query/fields.ts";
import { limitOf, maxPage, pageOf } from "../query/page.ts";
import { type ApiCall, type ApiRoute, json } from "../route.ts";
import { lintOptions } from "./definitions/known.ts";

const base = "/api/v1/cron-workflows";
const one = `${base}/:namespace/:name`;
const body = {
  type: "object",
  required: ["cronWorkflow"],
  properties: { cronWorkflow: { type: "object" }, createOptions: { type: "object" } },
};

const listQuery = {
  "listOptions.labelSelector": "Kubernetes label selector",
  "listOptions.limit": "most items of the answer; 0 = all",
  "listOptions.continue": "metadata.continue of the page before",
  fields: "paths to keep, or with '-' to drop",
};

export function cronRoutes(deps: ServerDeps): readonly ApiRoute[] {
  const { crons } = deps;
  return [
    {
      method: "POST",
      path: `${base}/:namespace`,
      id: "createCronWorkflow",
      summary: "Store a cron workflow",
      body,
      handle: async (call) => json(await crons.create(namespaceOf(call), await checked(deps, call))),
    },
    {
      method: "POST",
      path: `${base}/:namespace/lint`,
      id: "lintCronWorkflow",
      summary: "Check a cron workflow: 400 with every issue, or the cron workflow",
      body,
      handle: async (call) => json(await checked(deps, call, "lint")),
    },
    ...[base, `${base}/:namespace`].map(
      (path): ApiRoute => ({
        method: "GET",
        path,
        id: path === base ? "listCronWorkflowsOfAllNamespaces" : "listCronWorkflows",
        summary: "List cron workflows with their status",
        query: listQuery,
        handle: (call) => list(deps, call),
      }),
    ),
    {
      method: "GET",
      path: one,
      id: "getCronWorkflow",
      summary: "One cron workflow: status, runs under way, next times",
      query: { fields: listQuery.fields },
      handle: async (call) =>
        json(project(await crons.get(namespaceOf(call), nameOf(call)), call.query["fields"])),
    },
    {
      method: "PUT",
      path: one,
      id: "updateCronWorkflow",
      summary: "Replace a cron workflow",
      body,
      handle: async (call) =>
        json(await crons.update(namespaceOf(call), named(call, await checked(deps, call)))),
    },
    {
      method: "DELETE",
      path: one,
      id: "deleteCronWorkflow",
      summary: "Delete a cron workflow; its runs stay",
      handle: async (call) => {
        await crons.delete(namespaceOf(call), nameOf(call));
        return json({});
      },
    },
    ...(["suspend", "resume"] as const).map(
      (verb): ApiRoute => ({
        method: "PUT",
        path: `${one}/${verb}`,
        id: `${verb}CronWorkflow`,
        summary: verb === "suspend" ? "Start no runs until resumed" : "Go on after a suspension or a stop",
        body: { type: "object" },
        handle: async (call) => json(await crons[verb](namespaceOf(call), nameOf(call))),
      }),
    ),
  ];
}

export const namespaceOf = (call: ApiCall): string => call.params["namespace"] ?? "";
export const nameOf = (call: ApiCall): string => call.params["name"] ?? "";

/** The body's cron workflow, parsed and linted. Errors: SPEC_INVALID with every issue, SERVER_REQUEST_INVALID. */
async function checked(deps: ServerDeps, call: ApiCall, purpose: LintPurpose = "run"): Promise<CronWorkflow> {
  const sent = isObject(call.body) ? call.body["cronWorkflow"] : undefined;
  const read = parseObject("CronWorkflow", sent);
  if (read.value === undefined) {
    requireNoErrors(read.issues);
    throw ServerError.REQUEST_INVALID({ where: "cronWorkflow", reason: "is no CronWorkflow" });
  }
  const namespace = namespaceOf(call);
  const given = read.value.metadata.namespace;
  if (given !== undefined && given !== namespace)
    throw ServerError.REQUEST_INVALID({
      where: "cronWorkflow.metadata.namespace",
      reason: `'${given}' is not the namespace '${namespace}' of the path`,
    });
  const whole = { ...read.value, metadata: { ...read.value.metadata, namespace } };
  const options = { ...(await lintOptions(deps, namespace, [whole])), purpose };
  requireNoErrors([...read.issues, ...lintObject(whole, options)]);
  return whole;
}

/** The body's name is the path's. Errors: SERVER_REQUEST_INVALID. */
function named(call: ApiCall, cron: CronWorkflow): CronWorkflow {
  if (cron.metadata.name === nameOf(call)) return cron;
  throw ServerError.REQUEST_INVALID({
    where: "cronWorkflow.metadata.name",
    reason: `'${cron.metadata.name ?? ""}' is not the name '${nameOf(call)}' of the path`,
  });
}

async function list({ crons }: ServerDeps, call: ApiCall) {
  const { items } = await crons.list(call.params["namespace"], call.query["listOptions.labelSelector"]);
  const page = pageOf(items, ({ metadata }) => `${metadata.namespace}/${metadata.name}`, {
    limit: limitOf(call.query["listOptions.limit"], maxPage),
    token: call.query["listOptions.continue"],
  });
  const metadata = page.next === "" ? {} : { continue: page.next };
  const found = { apiVersion: "argoproj.io/v1alpha1", kind: "CronWorkflowList", metadata, items: page.items };
  return json(project(found, call.query["fields"]));
}
