// A WorkflowEventBinding, compiled: which events it takes, and the manifest that each of them submits. Pure: chance in an
// expression follows from the event, so that a repeat makes the same workflow.
import { hashId, type Json, SeededRandom } from "@sluice/base";
import { type CompiledExpr, compileExpr, type ExprEnv, evaluateExpr, exprText } from "@sluice/expr";
import type { Workflow, WorkflowEventBinding } from "@sluice/spec";
import { EngineError } from "../errors.ts";

/** What the endpoint stores of a request, as the event's data. */
export interface BindingEvent {
  readonly payload: Json;
  /** Headers that begin with `x-`, in lower case, each a list of values. */
  readonly metadata: Readonly<Record<string, readonly string[]>>;
  readonly discriminator: string;
}

export interface EventInHand {
  readonly id: string;
  readonly namespace: string;
  /** Epoch ms at which it was taken in: what `now()` is. */
  readonly receivedAt: number;
  readonly data: BindingEvent;
}

export interface CompiledBinding {
  readonly namespace: string;
  readonly name: string;
  readonly selector: string;
  /** Errors: those of expressions; ENGINE_BINDING_INVALID for a selector that is neither true nor false. */
  takes(event: EventInHand): boolean;
  /** Undefined for a binding that submits nothing. Errors: those of expressions. */
  workflowFor(event: EventInHand): Workflow | undefined;
}

/** On each of its workflows: the name of the binding that submitted it. */
const bindingLabel = "workflows.argoproj.io/workflow-event-binding";

/** Errors: those of expressions that do not compile. */
export function compileBinding(binding: WorkflowEventBinding, namespace: string): CompiledBinding {
  const name = binding.metadata.name ?? "";
  const { event, submit } = binding.spec;
  const selector = compileExpr(event.selector);
  const texts = compiledTexts(submit);
  return {
    namespace,
    name,
    selector: event.selector,
    takes: (given) => {
      const value = evaluateExpr(selector, envOf(given));
      if (typeof value === "boolean") return value;
      throw EngineError.BINDING_INVALID({
        name,
        reason: `the selector is neither true nor false, but ${JSON.stringify(value) ?? "nil"}`,
      });
    },
    workflowFor: (given) =>
      submit === undefined || texts === undefined ? undefined : workflowOf({ name, submit, texts }, given),
  };
}

type Submit = NonNullable<WorkflowEventBinding["spec"]["submit"]>;
type Texts = NonNullable<ReturnType<typeof compiledTexts>>;

function compiledTexts(submit: Submit | undefined) {
  if (submit === undefined) return undefined;
  const { metadata } = submit;
  const all = (map: Readonly<Record<string, string>> | undefined) =>
    Object.entries(map ?? {}).map(([key, text]) => [key, compileExpr(text)] as const);
  const one = (text: string | undefined) =>
    text === undefined || text === "" ? undefined : compileExpr(text);
  return {
    name: one(metadata?.name),
    generateName: one(metadata?.generateName),
    labels: all(metadata?.labels),
    annotations: all(metadata?.annotations),
    parameters: new Map(
      (submit.arguments?.parameters ?? []).flatMap((p) =>
        p.valueFrom?.event === undefined ? [] : [[p.name, compileExpr(p.valueFrom.event)] as const],
      ),
    ),
  };
}

interface Submission {
  /** The binding's. */
  readonly name: string;
  readonly submit: Submit;
  readonly texts: Texts;
}

function workflowOf({ name: binding, submit, texts }: Submission, event: EventInHand): Workflow {
  const env = envOf(event);
  const text = (compiled: CompiledExpr): string => exprText(evaluateExpr(compiled, env));
  const map = (entries: readonly (readonly [string, CompiledExpr])[]) =>
    Object.fromEntries(entries.map(([key, compiled]) => [key, text(compiled)]));
  const name = texts.name === undefined ? undefined : text(texts.name);
  const prefix =
    texts.generateName === undefined ? `${submit.workflowTemplateRef.name}-` : text(texts.generateName);
  const parameters = (submit.arguments?.parameters ?? []).map(({ valueFrom, ...p }) => {
    const compiled = texts.parameters.get(p.name);
    if (compiled !== undefined) return { ...p, value: text(compiled) };
    return valueFrom === undefined ? p : { ...p, valueFrom };
  });
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    metadata: {
      ...(name === undefined ? { generateName: prefix } : { name }),
      labels: { ...map(texts.labels), [bindingLabel]: binding },
      ...(texts.annotations.length === 0 ? {} : { annotations: map(texts.annotations) }),
    },
    spec: {
      workflowTemplateRef: submit.workflowTemplateRef,
      ...(submit.arguments === undefined ? {} : { arguments: { ...submit.arguments, parameters } }),
    },
  };
}

function envOf({ id, namespace, receivedAt, data }: EventInHand): ExprEnv {
  const seed = Number.parseInt(hashId(id).slice(0, 8), 16);
  return {
    variables: { ...data, namespace },
    clock: { now: () => receivedAt },
    random: new SeededRandom(Number.isNaN(seed) ? 0 : seed),
  };
}
