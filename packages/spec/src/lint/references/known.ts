import type { Manifest } from "../../manifest.ts";
import type { TemplateRef } from "../../workflow/control.ts";
import type { Template } from "../../workflow/template.ts";
import type { WorkflowSpec } from "../../workflow/workflow.ts";

/** Templates of other resources, for references to them. A place without a namespace is a ClusterWorkflowTemplate's. */
export interface KnownTemplates {
  find(namespace: string | undefined, name: string): WorkflowSpec | undefined;
  names(namespace: string | undefined): readonly string[];
  /** What is not known is not there; else it may be applied somewhere, and a reference to it is only warned of. */
  readonly complete: boolean;
}

export const noTemplates: KnownTemplates = { find: () => undefined, names: () => [], complete: false };

interface Named {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly spec: WorkflowSpec;
}

/** The templates among `manifests` over those that `under` knows. Manifests without a namespace are of `fallback`. */
export function knownTemplates(
  manifests: readonly Manifest[],
  fallback: string,
  under: KnownTemplates = noTemplates,
): KnownTemplates {
  const own = new Map<string, Named>();
  for (const manifest of manifests) {
    const named = namedOf(manifest, fallback);
    if (named !== undefined) own.set(keyOf(named.namespace, named.name), named);
  }
  if (own.size === 0) return under;
  return {
    find: (namespace, name) => own.get(keyOf(namespace, name))?.spec ?? under.find(namespace, name),
    names: (namespace) => [
      ...[...own.values()].filter((one) => one.namespace === namespace).map((one) => one.name),
      ...under.names(namespace),
    ],
    complete: under.complete,
  };
}

function namedOf(manifest: Manifest, fallback: string): Named | undefined {
  const { name, namespace } = manifest.metadata;
  if (name === undefined) return undefined;
  if (manifest.kind === "ClusterWorkflowTemplate") return { namespace: undefined, name, spec: manifest.spec };
  if (manifest.kind !== "WorkflowTemplate") return undefined;
  return { namespace: namespace ?? fallback, name, spec: manifest.spec };
}

const keyOf = (namespace: string | undefined, name: string): string =>
  namespace === undefined ? `cluster/${name}` : `namespaced/${namespace}/${name}`;

/** Whether a manifest may refer to templates of other resources. May say yes where it does not. */
export const refersOutside = (manifest: Manifest): boolean =>
  /"(?:templateRef|workflowTemplateRef)":/.test(JSON.stringify(manifest));

/** Where references are looked up: among `known`, and plain names in `namespace`. */
interface LookUp {
  readonly known: KnownTemplates;
  readonly namespace: string;
}

/** The spec of a referenced resource, where it is known. */
export const referredSpec = (
  { known, namespace }: LookUp,
  ref: { readonly name?: string | undefined; readonly clusterScope?: boolean | undefined },
): WorkflowSpec | undefined => known.find(ref.clusterScope === true ? undefined : namespace, ref.name ?? "");

/** The template that a reference means, where it is known. */
export const referredTemplate = (from: LookUp, ref: TemplateRef | undefined): Template | undefined =>
  ref === undefined
    ? undefined
    : referredSpec(from, ref)?.templates?.find((template) => template.name === ref.template);
