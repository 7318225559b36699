// The workflow that a cron workflow starts.
import type { CronWorkflow, Workflow } from "@sluice/spec";
import { rfc3339 } from "../values/globals.ts";
import { runNameOf } from "./state.ts";

export const cronLabel = "workflows.argoproj.io/cron-workflow";
export const backfillLabel = "workflows.argoproj.io/cron-workflow-backfill";
export const scheduledTimeAnnotation = "workflows.argoproj.io/scheduled-time";

export interface CronArgument {
  readonly name: string;
  readonly value: string;
}

export interface CronWorkflowOptions {
  /** Epoch ms. */
  readonly instant: number;
  /** A workflow parameter that gets this value. */
  readonly argument?: CronArgument;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Named by the instant, with the cron's workflowMetadata and the instant as annotation. */
export function workflowAt(
  cron: Pick<CronWorkflow, "spec">,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { instant, argument, labels }: CronWorkflowOptions,
): Workflow {
  const { workflowSpec, workflowMetadata } = cron.spec;
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    metadata: {
      name: runNameOf(name, instant),
      namespace,
      labels: { ...workflowMetadata?.labels, [cronLabel]: name, ...labels },
      annotations: { ...workflowMetadata?.annotations, [scheduledTimeAnnotation]: rfc3339(instant) },
    },
    spec: argument === undefined ? workflowSpec : withArgument(workflowSpec, argument),
  };
}

function withArgument(spec: Workflow["spec"], { name, value }: CronArgument): Workflow["spec"] {
  const given = spec.arguments?.parameters ?? [];
  const parameters = [...given.filter((parameter) => parameter.name !== name), { name, value }];
  return { ...spec, arguments: { ...spec.arguments, parameters } };
}
