// Which templates and ConfigMap keys a spec comes to, through references and the templates behind them.
import type {
  Arguments,
  DagTask,
  InlineTemplate,
  LifecycleHook,
  Parameter,
  Template,
  TemplateRef,
  WorkflowSpec,
  WorkflowStep,
} from "@sluice/spec";
import { type Library, localScope, scopeOf } from "./library.ts";

export type ConfigMapRef = NonNullable<NonNullable<Parameter["valueFrom"]>["configMapKeyRef"]>;

/** A template that is used, in the scope where its own names resolve. */
export interface Reached {
  readonly scope: string;
  readonly template: Template;
}

/** A reference that leads to no template that is known. */
export interface Unknown {
  /** As messages name it: `templates.main.steps[0].hello`. */
  readonly place: string;
  readonly ref: TemplateRef;
}

export interface Reach {
  readonly templates: readonly Reached[];
  readonly unknown: readonly Unknown[];
  /** Of inputs and of the arguments of steps, tasks and hooks; not of the workflow's own arguments. */
  readonly configMaps: readonly ConfigMapRef[];
  /** Uses whose names only the step knows, by their place: they reach what others reach. */
  readonly late: readonly string[];
}

interface Use {
  readonly template?: string | undefined;
  readonly templateRef?: TemplateRef | undefined;
  readonly inline?: InlineTemplate | undefined;
  readonly arguments?: Arguments | undefined;
  readonly hooks?: Readonly<Record<string, LifecycleHook>> | undefined;
  readonly onExit?: string | undefined;
  readonly withItems?: readonly unknown[] | undefined;
}

/** A template's name as it is written, where it is used. */
interface Named {
  readonly scope: string;
  readonly place: string;
  readonly written: string;
}

/** A name with tags in it, for one item of a loop; undefined when it cannot be known before the step. */
export type NameOf = (text: string, item: unknown) => string | undefined;

/** Walks from the entrypoint and the exit handlers. Each template is looked at once, so circles end. */
export function reachOf(spec: WorkflowSpec, library: Library, nameOf: NameOf = () => undefined): Reach {
  const local = new Map((spec.templates ?? []).map((t) => [t.name ?? "", t]));
  const walk = new Walk(
    (scope, name) => (scope === localScope ? local : library.get(scope))?.get(name),
    nameOf,
  );
  walk.use(localScope, "spec.entrypoint", { template: spec.entrypoint });
  walk.use(localScope, "spec", { hooks: spec.hooks, onExit: spec.onExit });
  walk.toEnd();
  return walk;
}

class Walk implements Reach {
  readonly templates: Reached[] = [];
  readonly unknown: Unknown[] = [];
  readonly configMaps: ConfigMapRef[] = [];
  readonly late: string[] = [];
  readonly #nameOf: NameOf;
  readonly #seen = new Set<Template>();
  readonly #open: Reached[] = [];
  readonly #find: (scope: string, name: string) => Template | undefined;

  constructor(find: (scope: string, name: string) => Template | undefined, nameOf: NameOf) {
    this.#find = find;
    this.#nameOf = nameOf;
  }

  toEnd(): void {
    for (let next = this.#open.pop(); next !== undefined; next = this.#open.pop()) this.#template(next);
  }

  /** What one use names, in the scope in which it is written. */
  use(scope: string, place: string, use: Use): void {
    this.#configured(use.arguments?.parameters);
    if (use.inline !== undefined) this.#configured(use.inline.inputs?.parameters);
    if (use.templateRef !== undefined) this.#references(place, use.templateRef, use.withItems);
    else if (use.template !== undefined) this.#named({ scope, place, written: use.template }, use.withItems);
    for (const [name, hook] of Object.entries(use.hooks ?? {}))
      this.use(scope, `${place}.hooks.${name}`, hook);
    if (use.onExit !== undefined) this.#reached(scope, this.#find(scope, use.onExit));
  }

  /** A name with tags is one for each item of its loop, as far as the manifest says the items. */
  #named({ scope, place, written }: Named, items: readonly unknown[] = [undefined]): void {
    const names = hasTags({ template: written })
      ? items.map((item) => this.#nameOf(written, item))
      : [written];
    for (const name of names) {
      if (name === undefined) this.late.push(place);
      else this.#reached(scope, this.#find(scope, name));
    }
  }

  /** The same of a reference. */
  #references(place: string, ref: TemplateRef, items: readonly unknown[] = [undefined]): void {
    if (!hasTags({ templateRef: ref })) {
      this.#reference(place, ref);
      return;
    }
    for (const item of items) {
      const name = this.#nameOf(ref.name ?? "", item);
      const template = this.#nameOf(ref.template ?? "", item);
      if (name === undefined || template === undefined) this.late.push(place);
      else this.#reference(place, { ...ref, name, template });
    }
  }

  #reference(place: string, ref: TemplateRef): void {
    const scope = scopeOf(ref);
    const template = this.#find(scope, ref.template ?? "");
    if (template === undefined) this.unknown.push({ place, ref });
    else this.#reached(scope, template);
  }

  #reached(scope: string, template: Template | undefined): void {
    if (template === undefined || this.#seen.has(template)) return;
    this.#seen.add(template);
    this.templates.push({ scope, template });
    this.#open.push({ scope, template });
  }

  #template({ scope, template }: Reached): void {
    this.#configured(template.inputs?.parameters);
    const title = `templates.${template.name ?? ""}`;
    for (const [group, steps] of (template.steps ?? []).entries())
      for (const step of steps)
        this.use(scope, `${title}.steps[${group}].${step.name}`, step satisfies WorkflowStep);
    for (const task of template.dag?.tasks ?? [])
      this.use(scope, `${title}.tasks.${task.name}`, task satisfies DagTask);
  }

  #configured(parameters: readonly Parameter[] | undefined): void {
    for (const { valueFrom } of parameters ?? [])
      if (valueFrom?.configMapKeyRef !== undefined) this.configMaps.push(valueFrom.configMapKeyRef);
  }
}

/** Whether the template that is used has names that are made for each step. */
export const hasTags = ({ template, templateRef: ref }: Pick<Use, "template" | "templateRef">): boolean =>
  [template, ref?.name, ref?.template].some((name) => name?.includes("{{") === true);

/** Whether the run cannot start before someone has looked outside of it. */
export function needsDefinitions(spec: WorkflowSpec): boolean {
  if (spec.workflowTemplateRef !== undefined) return true;
  if ((spec.arguments?.parameters ?? []).some((p) => p.valueFrom?.configMapKeyRef !== undefined)) return true;
  const { unknown, configMaps, late } = reachOf(spec, new Map());
  return unknown.length > 0 || configMaps.length > 0 || late.length > 0;
}
