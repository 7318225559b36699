// POST submit: a workflow from an applied template or cron workflow, with the caller's wishes in it.
import { isObject } from "@sluice/base";
import { cronLabel, rfc3339, scheduledTimeAnnotation } from "@sluice/engine";
import type { CronWorkflow } from "@sluice/spec";
import { ServerError } from "../../../errors.ts";
import type { ServerDeps } from "../../ports.ts";
import { type ApiCall, type ApiRoute, json } from "../../route.ts";
import { checkedWorkflow, start } from "../workflows.ts";
import { type Draft, withOptions } from "./options.ts";

export const submitFromRoutes = (deps: ServerDeps): readonly ApiRoute[] => [
  {
    method: "POST",
    path: "/api/v1/workflows/:namespace/submit",
    id: "submitWorkflow",
    summary:
      "Submit from an applied WorkflowTemplate, ClusterWorkflowTemplate or CronWorkflow. An Idempotency-Key header makes a repeat give the same run.",
    body: {
      type: "object",
      required: ["resourceKind", "resourceName"],
      properties: {
        resourceKind: {
          type: "string",
          description: "WorkflowTemplate, ClusterWorkflowTemplate or CronWorkflow, in any case",
        },
        resourceName: { type: "string" },
        submitOptions: {
          type: "object",
          properties: {
            name: { type: "string" },
            generateName: { type: "string" },
            entryPoint: { type: "string" },
            parameters: { type: "array", items: { type: "string", description: "name=value" } },
            labels: { type: "string", description: "name=value,…" },
            annotations: { type: "string", description: "name=value,…" },
            serviceAccount: { type: "string" },
            podPriorityClassName: { type: "string" },
            priority: { type: "integer" },
            dryRun: { type: "boolean" },
            serverDryRun: { type: "boolean" },
          },
        },
      },
    },
    handle: (call) => submitFrom(deps, call),
  },
];

async function submitFrom(deps: ServerDeps, call: ApiCall) {
  const body = isObject(call.body) ? call.body : {};
  const name = typeof body["resourceName"] === "string" ? body["resourceName"] : "";
  const draft = await draftOf(deps, call, String(body["resourceKind"] ?? ""), name);
  const options = isObject(body["submitOptions"]) ? body["submitOptions"] : {};
  const wanted = withOptions(draft, options);
  if (options["dryRun"] === true)
    return json({ apiVersion: "argoproj.io/v1alpha1", kind: "Workflow", ...wanted });
  return start(deps, call, await checkedWorkflow(deps, call, wanted), options["serverDryRun"] === true);
}

const kindNames: Readonly<Record<string, "WorkflowTemplate" | "ClusterWorkflowTemplate" | "CronWorkflow">> = {
  workflowtemplate: "WorkflowTemplate",
  workflowtemplates: "WorkflowTemplate",
  wftmpl: "WorkflowTemplate",
  clusterworkflowtemplate: "ClusterWorkflowTemplate",
  clusterworkflowtemplates: "ClusterWorkflowTemplate",
  clusterwftmpl: "ClusterWorkflowTemplate",
  cwft: "ClusterWorkflowTemplate",
  cronworkflow: "CronWorkflow",
  cronworkflows: "CronWorkflow",
  cronwf: "CronWorkflow",
  cwf: "CronWorkflow",
};

async function draftOf(deps: ServerDeps, call: ApiCall, written: string, name: string): Promise<Draft> {
  const lower = written.toLowerCase();
  const kind = Object.hasOwn(kindNames, lower) ? kindNames[lower] : undefined;
  if (kind === undefined)
    throw ServerError.REQUEST_INVALID({
      where: "resourceKind",
      reason: `'${written.slice(0, 64)}' is none of WorkflowTemplate, ClusterWorkflowTemplate and CronWorkflow`,
    });
  const namespace = kind === "ClusterWorkflowTemplate" ? "" : (call.params["namespace"] ?? "");
  const found = await deps.stores.resources.get(kind, namespace, name);
  if (found === undefined)
    throw ServerError.NOT_FOUND({ what: kind, name: namespace === "" ? name : `${namespace}/${name}` });
  return kind === "CronWorkflow"
    ? ofCron(name, found.manifest as CronWorkflow, deps.clock.now())
    : ofTemplate(name, namespace === "");
}

function ofTemplate(name: string, clusterScope: boolean): Draft {
  const label = clusterScope ? "cluster-workflow-template" : "workflow-template";
  return {
    metadata: { generateName: `${name}-`, labels: { [`workflows.argoproj.io/${label}`]: name } },
    spec: { workflowTemplateRef: { name, ...(clusterScope ? { clusterScope } : {}) } },
  };
}

/** A run by hand was scheduled for now: `workflow.scheduledTime` has a value in it, as in those of the schedule. */
function ofCron(name: string, { spec }: CronWorkflow, at: number): Draft {
  const { labels, annotations } = spec.workflowMetadata ?? {};
  return {
    metadata: {
      generateName: `${name}-`,
      labels: { ...labels, [cronLabel]: name },
      annotations: { ...annotations, [scheduledTimeAnnotation]: rfc3339(at) },
    },
    spec: { ...spec.workflowSpec },
  };
}
