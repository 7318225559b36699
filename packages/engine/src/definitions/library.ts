import type { Template } from "@sluice/spec";

/** Scope of a workflow's own templates, with those of its `workflowTemplateRef`. */
export const localScope = "local";

/** Templates of other resources that a run uses: by scope (`namespaced/x`, `cluster/x`), then by name. */
export type Library = ReadonlyMap<string, ReadonlyMap<string, Template>>;

/** The scope in which the templates of a referenced resource find each other. */
export const scopeOf = (ref: {
  readonly name?: string | undefined;
  readonly clusterScope?: boolean | undefined;
}): string => `${ref.clusterScope === true ? "cluster" : "namespaced"}/${ref.name ?? ""}`;

/** A scope as node fields show it. */
export const scopeText = (scope: string, runName: string): string =>
  scope === localScope ? `local/${runName}` : scope;
