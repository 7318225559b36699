import { type KnownTemplates, knownTemplates, type Manifest } from "@sluice/spec";
import { type TemplateObject, templatesPath } from "../../client/template-object.ts";
import type { CliContext } from "../../context.ts";

/** Every template that is applied where workflows of `namespaces` could refer to it. Errors: those of the client. */
export async function appliedTemplates(
  context: CliContext,
  namespaces: ReadonlySet<string>,
): Promise<KnownTemplates> {
  const paths = [
    templatesPath("ClusterWorkflowTemplate", undefined),
    ...[...namespaces].map((namespace) => templatesPath("WorkflowTemplate", namespace)),
  ];
  const manifests: Manifest[] = [];
  for (const path of paths) {
    const { items } = await context.client.request<{ readonly items: readonly TemplateObject[] }>(
      "GET",
      path,
    );
    manifests.push(...(items as unknown as readonly Manifest[]));
  }
  return knownTemplates(manifests, context.namespace, {
    find: () => undefined,
    names: () => [],
    complete: true,
  });
}
