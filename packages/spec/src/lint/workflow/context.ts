import type { IssueSink, Path } from "../../issue.ts";
import type { ObjectMeta } from "../../meta.ts";
import type {
  DagTask,
  InlineTemplate,
  Template,
  TemplateType,
  WorkflowStep,
} from "../../workflow/template.ts";
import { templateTypes } from "../../workflow/template.ts";
import type { WorkflowSpec } from "../../workflow/workflow.ts";
import type { KnownTemplates } from "../references/known.ts";
import { referredTemplate } from "../references/known.ts";

/** A value with its place in the document. */
export interface Placed<T> {
  readonly value: T;
  readonly path: Path;
}

/** What the rules of a workflow share. */
export interface WorkflowLint {
  readonly sink: IssueSink;
  readonly spec: WorkflowSpec;
  /** Path of `spec`. */
  readonly base: Path;
  readonly metadata: ObjectMeta;
  readonly metadataPath: Path;
  /** The first template of each name. */
  readonly templates: ReadonlyMap<string, Placed<Template>>;
  /** Those of its workflowTemplateRef, where that is known. */
  readonly inherited: ReadonlyMap<string, Template>;
  /** The kind, as messages have it: "cluster workflow template". */
  readonly what: string;
  /** A WorkflowTemplate is completed by whoever uses it: what is missing may come from there. */
  readonly library: boolean;
  /** Templates of other resources, and the namespace in which names of them are looked up. */
  readonly known: KnownTemplates;
  readonly namespace: string;
}

/** One use of a template: a step or a task. */
export interface Call {
  readonly kind: "steps" | "tasks";
  readonly step: WorkflowStep | DagTask;
  readonly path: Path;
  /** Index of the steps group; 0 for tasks. */
  readonly group: number;
}

/** The template types that are set, in the order of the list. */
export const typesOf = (template: Template | InlineTemplate): readonly TemplateType[] =>
  templateTypes.filter((type) => (template as Template)[type] !== undefined);

/** Every step or task of a template, in order. */
export function callsOf({ value, path }: Placed<Template>): readonly Call[] {
  const calls: Call[] = [];
  for (const [group, steps] of (value.steps ?? []).entries()) {
    for (const [i, step] of steps.entries()) {
      calls.push({ kind: "steps", step, group, path: [...path, "steps", group, i] });
    }
  }
  for (const [i, step] of (value.dag?.tasks ?? []).entries()) {
    calls.push({ kind: "tasks", step, group: 0, path: [...path, "dag", "tasks", i] });
  }
  return calls;
}

/** The template of a plain name: the workflow's own, or its workflowTemplateRef's. */
export const templateNamed = (lint: WorkflowLint, name: string): Template | undefined =>
  lint.templates.get(name)?.value ?? lint.inherited.get(name);

/** Templates that a name or an inline body gives; undefined when it is elsewhere or does not exist. */
export function calledTemplate(
  lint: Pick<WorkflowLint, "templates" | "known" | "namespace">,
  call: Call,
): Placed<Template | InlineTemplate> | undefined {
  if (call.step.inline !== undefined) return { value: call.step.inline, path: [...call.path, "inline"] };
  if (call.step.templateRef !== undefined) {
    const value = referredTemplate(lint, call.step.templateRef);
    return value === undefined ? undefined : { value, path: [...call.path, "templateRef"] };
  }
  return call.step.template === undefined ? undefined : lint.templates.get(call.step.template);
}

export const isLooped = (call: Call): boolean =>
  call.step.withItems !== undefined ||
  call.step.withParam !== undefined ||
  call.step.withSequence !== undefined;

/** A call as the incumbent's messages have it. */
export const titleOfCall = (template: string, call: Call): string =>
  call.kind === "steps"
    ? `templates.${template}.steps[${call.group}].${call.step.name}`
    : `templates.${template}.tasks.${call.step.name}`;

/** Whether a text has a tag in it, so that its value is known only when it runs. */
export const hasTag = (text: string): boolean => text.includes("{{");

export const nameOf = (template: Template | InlineTemplate, path: Path): string =>
  template.name ?? `#${String(path.at(-1))}`;

/** Whether a template only orders other templates: it has no node that runs a command. */
export const isComposite = (template: Template | InlineTemplate): boolean =>
  (template as Template).steps !== undefined || (template as Template).dag !== undefined;

const typeTitles: Readonly<Record<TemplateType, string>> = {
  container: "Container",
  containerSet: "ContainerSet",
  steps: "Steps",
  script: "Script",
  resource: "Resource",
  dag: "DAG",
  suspend: "Suspend",
  data: "Data",
  http: "HTTP",
  plugin: "Plugin",
};

/** A template's type as the incumbent's messages have it. */
export const typeTitle = (type: TemplateType | undefined): string =>
  type === undefined ? "Unknown" : typeTitles[type];
