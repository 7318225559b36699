import type { Template, TemplateType } from "@sluice/spec";

/** Where a template is used: the fields that steps, tasks and hooks share. */
export interface TemplateUse {
  readonly template?: string | undefined;
  readonly templateRef?:
    | {
        readonly name?: string | undefined;
        readonly template?: string | undefined;
        readonly clusterScope?: boolean | undefined;
      }
    | undefined;
  readonly inline?: Template | undefined;
}

/** A template with the workflow's defaults in it, before its inputs are known. */
export interface TemplateShape {
  readonly template: Template;
  readonly name: string;
  /** Where the names in it resolve: `local`, `namespaced/<resource>` or `cluster/<resource>`. */
  readonly scope: string;
  readonly type: TemplateType;
  /** Only dag and steps templates get one: names of children whose result is referred to. */
  readonly resultsWanted: ReadonlySet<string>;
}

const podTypes: ReadonlySet<string> = new Set(["container", "script", "containerSet"]);

/** Whether the unit's step goes on while what comes after it runs. */
export const isDaemon = ({ shape }: { readonly shape: TemplateShape }): boolean =>
  shape.template.daemon === true && podTypes.has(shape.type);
