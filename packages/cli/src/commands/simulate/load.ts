import { dirname, resolve } from "node:path";
import type { LoadedManifest, Manifest, Workflow } from "@sluice/spec";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { checkedManifests } from "../manifests/lint.ts";

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
  const at = (relative: string) => resolve(dirname(file), relative);
  const manifests = await checkedManifests(context, [path, ...more].map(at));
  return chosen(manifests, path, name);
}

function chosen(manifests: readonly LoadedManifest[], where: string, name: string | undefined): Loaded {
  const all = manifests.map(({ manifest }) => manifest);
  const workflows = all.filter((manifest) => manifest.kind === "Workflow");
  const named = workflows.filter(
    ({ metadata }) => name === undefined || metadata.name === name || metadata.generateName === name,
  );
  const [workflow, second] = named;
  if (workflow === undefined)
    throw CliError.NOTHING_FOUND({ wanted: name === undefined ? "Workflow" : `Workflow '${name}'`, where });
  if (second !== undefined)
    throw CliError.USAGE({ problem: `${where} has ${named.length} workflows: choose one by name` });
  return { workflow, others: all.filter((manifest) => manifest !== workflow) };
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
