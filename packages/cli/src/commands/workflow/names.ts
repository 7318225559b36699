import type { WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";

export interface WorkflowList {
  readonly items: readonly WorkflowObject[] | null;
  readonly metadata?: { readonly continue?: string };
}

export const listPathOf = (namespace: string): string =>
  namespace === "" ? "/api/v1/workflows" : `/api/v1/workflows/${encodeURIComponent(namespace)}`;

export const pathIn = (namespace: string, name: string): string =>
  `${listPathOf(namespace)}/${encodeURIComponent(name)}`;

export const pathOf = (context: CliContext, name: string): string => pathIn(context.namespace, name);

/** `@latest` is the newest workflow of the namespace. */
export async function nameOf(context: CliContext, given: string): Promise<string> {
  if (given !== "@latest") return given;
  const { items } = await context.client.request<WorkflowList>("GET", listPathOf(context.namespace), {
    query: { "listOptions.limit": 1 },
  });
  const [newest] = items ?? [];
  if (newest === undefined)
    throw CliError.NOTHING_FOUND({ wanted: "workflow", where: `namespace '${context.namespace}'` });
  return newest.metadata.name;
}
