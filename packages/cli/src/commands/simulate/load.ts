import { dirname, resolve } from "node:path";
import { workflowAt } from "@sluice/engine";
import type { LoadedManifest, Manifest, Workflow } from "@sluice/spec";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { checkedManifests } from "../manifests/lint.ts";

/** The moment at which a tested workflow is submitted: the same each time. */
export const submittedAt = Date.UTC(2026, 0, 1);

/** What a simulation runs: the workflow, and the manifests that it may refer to. */
export interface Loaded {
  readonly workflow: Workflow;
  readonly others: readonly Manifest[];
}

/** A workflow from files that were checked. `name` chooses where there are several. */
export async function loadWorkflow(
  context: CliContext,
  files: readonly string[],
  name?: string,
): Promise<Loaded> {
  const manifests = await checkedManifests(context, files);
  return chosen(manifests, files.join(", "), name);
}

/** As a test file names it: a path beside the file, with `#name` where there are several. */
export async function loadBeside(
  context: CliContext,
  file: string,
  reference: string,
  more: readonly string[] = [],
): Promise<Loaded> {
  const [path = "", name] = reference.split("#");
  return chosen(await manifestsBeside(context, file, [path, ...more]), path, name);
}

/** The manifests of files that a test file names. */
export const manifestsBeside = (
  context: CliContext,
  file: string,
  paths: readonly string[],
): Promise<readonly LoadedManifest[]> =>
  checkedManifests(
    context,
    paths.map((path) => resolve(dirname(file), path)),
  );

function chosen(manifests: readonly LoadedManifest[], where: string, name: string | undefined): Loaded {
  const all = manifests.map(({ manifest }) => manifest);
  const named = all.filter(
    ({ metadata }) => name === undefined || metadata.name === name || metadata.generateName === name,
  );
  // What is run from them only where no workflow is meant: a template beside a workflow is what it refers to.
  const workflows = named.filter((manifest) => manifest.kind === "Workflow");
  const runnable = workflows.length > 0 ? workflows : named.flatMap(runFrom);
  const [workflow, second] = runnable;
  if (workflow === undefined)
    throw CliError.NOTHING_FOUND({
      wanted: `Workflow, WorkflowTemplate or CronWorkflow${name === undefined ? "" : ` '${name}'`}`,
      where,
    });
  if (second !== undefined)
    throw CliError.USAGE({ problem: `${where} has ${runnable.length} of them: choose one by name` });
  return { workflow, others: all.filter((manifest) => manifest !== workflow) };
}

/** As `submit --from` would run it; a cron workflow as of `submittedAt`. A template without entrypoint cannot be run. */
function runFrom(manifest: Manifest): readonly Workflow[] {
  const { name = "", namespace = "default" } = manifest.metadata;
  switch (manifest.kind) {
    case "WorkflowTemplate":
    case "ClusterWorkflowTemplate": {
      if (manifest.spec.entrypoint === undefined) return [];
      const clusterScope = manifest.kind === "ClusterWorkflowTemplate" ? { clusterScope: true } : {};
      return [
        {
          apiVersion: manifest.apiVersion,
          kind: "Workflow",
          metadata: { generateName: `${name}-` },
          spec: { workflowTemplateRef: { name, ...clusterScope } },
        },
      ];
    }
    case "CronWorkflow":
      return [workflowAt(manifest, { namespace, name }, { instant: submittedAt })];
    default:
      return [];
  }
}

/** With arguments given by name in place of, or beside, the manifest's. */
export function withArguments(workflow: Workflow, given: Readonly<Record<string, string>>): Workflow {
  const before = workflow.spec.arguments?.parameters ?? [];
  const known = new Set(before.map((p) => p.name));
  const added = Object.entries(given).filter(([name]) => !known.has(name));
  const parameters = [
    ...before.map(({ valueFrom, ...p }) =>
      Object.hasOwn(given, p.name)
        ? { ...p, value: given[p.name] ?? "" }
        : valueFrom === undefined
          ? p
          : { ...p, valueFrom },
    ),
    ...added.map(([name, value]) => ({ name, value })),
  ];
  if (parameters.length === 0) return workflow;
  return { ...workflow, spec: { ...workflow.spec, arguments: { ...workflow.spec.arguments, parameters } } };
}
