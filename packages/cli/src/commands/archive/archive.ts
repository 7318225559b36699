// `sluice archive`: workflows that have ended, by uid or by name.
import type { WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { renderWorkflow } from "../../render/workflow.ts";
import { formatted, type OutputFormat, printEach } from "../output.ts";
import { type AgainOptions, againEach } from "../workflow/again.ts";
import { nameOf } from "../workflow/names.ts";
import type { Target } from "../workflow/selection.ts";
import { type ListOptions, listFrom, viewOf } from "../workflow/workflow.ts";

const base = "/api/v1/archived-workflows";
const uidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const pathOf = (uid: string): string => `${base}/${encodeURIComponent(uid)}`;

export const list = (context: CliContext, _args: readonly string[], options: ListOptions): Promise<void> =>
  listFrom(context, options, { path: base, empty: "finished workflows" });

/** By uid; a name is looked up in the namespace. Errors: SERVER_NOT_FOUND, ENGINE_RUN_NOT_FOUND. */
async function find(context: CliContext, given: string): Promise<WorkflowObject & { readonly uid: string }> {
  const uid = uidPattern.test(given) ? given : await uidOf(context, given);
  return { ...(await context.client.request<WorkflowObject>("GET", pathOf(uid))), uid };
}

async function uidOf(context: CliContext, given: string): Promise<string> {
  const name = await nameOf(context, given);
  const path = `/api/v1/workflows/${encodeURIComponent(context.namespace)}/${encodeURIComponent(name)}`;
  const { metadata } = await context.client.request<WorkflowObject>("GET", path, {
    query: { fields: "metadata.uid" },
  });
  return metadata.uid ?? given;
}

export async function get(
  context: CliContext,
  uids: readonly string[],
  { output }: { readonly output?: OutputFormat },
): Promise<void> {
  const found: WorkflowObject[] = [];
  for (const given of uids) {
    const { uid: _, ...workflow } = await find(context, given);
    found.push(workflow);
  }
  if (context.json || output === "json")
    return context.out(JSON.stringify(found.length === 1 ? found[0] : found, null, 2));
  if (output === "name") for (const { metadata } of found) context.out(metadata.name);
  else if (output === "yaml") {
    const texts = await Promise.all(found.map((workflow) => formatted(workflow, "yaml", false)));
    context.out(texts.join("\n---\n"));
  } else {
    const view = viewOf(context, {}, { wide: output === "wide", ascii: false });
    context.out(found.map((workflow) => renderWorkflow(workflow, view)).join("\n\n"));
  }
}

export const remove = (context: CliContext, uids: readonly string[]): Promise<void> =>
  printEach(context, uids, async (given) => {
    const { uid, metadata } = await find(context, given);
    await context.client.request("DELETE", pathOf(uid));
    const { namespace, name } = metadata;
    return {
      result: { namespace, name, uid, deleted: true },
      line: `archived workflow ${name} (${uid}) deleted`,
    };
  });

export const again =
  (verb: "retry" | "resubmit") =>
  async (context: CliContext, uids: readonly string[], options: AgainOptions): Promise<void> => {
    const paths = new Map<string, string>();
    const targets: Target[] = [];
    for (const given of uids) {
      const { uid, metadata } = await find(context, given);
      const { namespace, name } = metadata;
      targets.push({ namespace, name });
      paths.set(`${namespace}/${name}`, pathOf(uid));
    }
    await againEach(
      context,
      { targets, many: false },
      { action: verb, options, pathOf: ({ namespace, name }) => paths.get(`${namespace}/${name}`) ?? base },
    );
  };

interface OfLabels {
  readonly allNamespaces?: boolean;
  readonly selector?: string;
}

export const labelKeys = (context: CliContext, _args: readonly string[], options: OfLabels): Promise<void> =>
  labels(context, "keys", options);
export const labelValues = (
  context: CliContext,
  _args: readonly string[],
  options: OfLabels,
): Promise<void> => labels(context, "values", options);

async function labels(context: CliContext, what: "keys" | "values", options: OfLabels): Promise<void> {
  const { items } = await context.client.request<{ readonly items: readonly string[] }>(
    "GET",
    `${base}-label-${what}`,
    {
      query: {
        namespace: options.allNamespaces === true ? undefined : context.namespace,
        "listOptions.labelSelector": options.selector,
      },
    },
  );
  if (context.json) context.out(JSON.stringify(items));
  else if (items.length === 0) context.note(`no such labels`);
  else context.out(items.join("\n"));
}
