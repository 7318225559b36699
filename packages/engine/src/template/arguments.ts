import type { Arguments, Parameter } from "@sluice/spec";
import { type ConfigKey, type ConfigLook, renderConfigKey } from "../definitions/config-maps.ts";
import { EngineError } from "../errors.ts";
import type { BoundInputs, LateValue, RenderedArguments } from "../run/state/arguments.ts";
import { absentReason, evaluateExpression, expressionText, onlyTag, renderText } from "../values/language.ts";
import { parameters, type Scope } from "../values/scope.ts";
import { renderArtifacts } from "./artifacts.ts";

export const noArguments: RenderedArguments = { values: new Map(), absent: new Map() };

/** Arguments as the caller's scope makes them: each value final, never rendered again. */
export function renderArguments(
  args: Arguments | undefined,
  scope: Scope,
  look: ConfigLook,
): RenderedArguments {
  const artifacts = renderArtifacts(args?.artifacts, scope);
  if (args?.parameters === undefined || args.parameters.length === 0)
    return artifacts === undefined ? noArguments : { ...noArguments, artifacts };
  const values = new Map<string, string>();
  const absent = new Map<string, string>();
  const late = new Map<string, LateValue>();
  for (const parameter of args.parameters) {
    const { value, default: otherwise, valueFrom } = parameter;
    const written = value ?? (valueFrom?.configMapKeyRef === undefined ? otherwise : undefined);
    if (written === undefined) {
      renderFrom(parameter, { scope, look }, { values, late });
      continue;
    }
    const key = onlyTag(written);
    if (key !== undefined && scope.lookup(key) === null) absent.set(parameter.name, absentReason(key));
    else values.set(parameter.name, renderText(written, scope));
  }
  return {
    values,
    absent,
    ...(late.size === 0 ? {} : { late }),
    ...(artifacts === undefined ? {} : { artifacts }),
  };
}

interface Sources {
  readonly scope: Scope;
  readonly look: ConfigLook;
}

interface Rendered {
  readonly values: Map<string, string>;
  readonly late: Map<string, LateValue>;
}

function renderFrom(parameter: Parameter, { scope, look }: Sources, { values, late }: Rendered): void {
  const { name, default: otherwise, valueFrom: from } = parameter;
  if (from?.configMapKeyRef !== undefined) {
    const key = renderConfigKey(from.configMapKeyRef, scope);
    if (look(key).kind === "unread") {
      const instead = from.default ?? otherwise;
      late.set(name, { key, otherwise: instead === undefined ? undefined : renderText(instead, scope) });
    } else values.set(name, configured(parameter, { scope, look }));
    return;
  }
  const value = from?.expression === undefined ? undefined : evaluateExpression(from.expression, scope);
  if (value !== undefined && value !== null) values.set(name, expressionText(value));
  else if (from?.default !== undefined) values.set(name, renderText(from.default, scope));
}

/** A value from a ConfigMap; where it is not there, the default. Errors: ENGINE_VALUE_UNRESOLVED. */
function configured({ default: otherwise, valueFrom }: Parameter, { scope, look }: Sources): string {
  const key = renderConfigKey(valueFrom?.configMapKeyRef ?? { key: "" }, scope);
  const instead = valueFrom?.default ?? otherwise;
  return valueAt(key, look, () => (instead === undefined ? undefined : renderText(instead, scope)));
}

function valueAt(key: ConfigKey, look: ConfigLook, otherwise: () => string | undefined): string {
  const found = look(key);
  if (found.kind === "value") return found.value;
  const reason = found.kind === "unread" ? `ConfigMap '${key.name}' was not read` : found.reason;
  const instead = found.kind === "none" && found.isAbsent ? otherwise() : undefined;
  if (instead !== undefined) return instead;
  throw EngineError.VALUE_UNRESOLVED({ reason });
}

/** A value that has to be read before the inputs can be bound; undefined when there is none. Errors: those of tags. */
export function unreadKey(
  inputs: readonly Parameter[] | undefined,
  { args, look }: BindSources,
  scope: Scope,
): ConfigKey | undefined {
  for (const { name, value, valueFrom } of inputs ?? []) {
    const late = args.late?.get(name);
    const ref = args.values.has(name) || value !== undefined ? undefined : valueFrom?.configMapKeyRef;
    const key = late?.key ?? (ref === undefined ? undefined : renderConfigKey(ref, scope));
    if (key !== undefined && look(key).kind === "unread") return key;
  }
  return undefined;
}

interface BindSources {
  readonly args: RenderedArguments;
  readonly look: ConfigLook;
}

/**
 * A template's inputs from the caller's arguments, its own values and defaults, in that order. What the template itself
 * says may be made of its other inputs.
 */
export function bindInputs(
  inputs: readonly Parameter[] | undefined,
  { args, look }: BindSources,
  scope: Scope,
): BoundInputs {
  const found = new Map<string, string>();
  const made: Parameter[] = [];
  for (const input of inputs ?? [])
    if (!isGiven(args, input) && hasTags(ownValue(input))) made.push(input);
    else found.set(input.name, bindOne(input, args, { scope, look }));
  if (made.length === 0) return found;
  bindMade(made, found, (input) => {
    const inner = scope.with(parameters("inputs.parameters", found));
    return bindOne(input, args, { scope: inner, look });
  });
  return new Map((inputs ?? []).map(({ name }) => [name, found.get(name) ?? ""]));
}

const isGiven = ({ values, late }: RenderedArguments, { name }: Parameter): boolean =>
  values.has(name) || late?.has(name) === true;
const ownValue = ({ value, valueFrom, default: otherwise }: Parameter): string | undefined =>
  value ?? (valueFrom?.configMapKeyRef === undefined ? (otherwise ?? valueFrom?.default) : undefined);
const hasTags = (text: string | undefined): boolean => text?.includes("{{") === true;

/** One may be made of another, whatever their order: what cannot be made yet waits for the others. */
function bindMade(
  inputs: readonly Parameter[],
  found: Map<string, string>,
  bind: (input: Parameter) => string,
): void {
  let error: unknown;
  const waiting = inputs.filter((input) => {
    try {
      found.set(input.name, bind(input));
      return false;
    } catch (problem) {
      error ??= problem;
      return true;
    }
  });
  if (waiting.length === inputs.length) throw error;
  if (waiting.length > 0) bindMade(waiting, found, bind);
}

/** Inputs as a node shows them: what they mean, with the value that they got. */
export const shownInputs = (declared: readonly Parameter[] | undefined, bound: BoundInputs): Parameter[] =>
  (declared ?? []).flatMap(({ valueFrom: _source, ...input }) => {
    const value = bound.get(input.name);
    return value === undefined ? [] : [{ ...input, value }];
  });

function bindOne(input: Parameter, args: RenderedArguments, sources: Sources): string {
  const given = args.values.get(input.name);
  if (given !== undefined) return given;
  const late = args.late?.get(input.name);
  if (late !== undefined) return valueAt(late.key, sources.look, () => late.otherwise);
  if (input.value === undefined && input.valueFrom?.configMapKeyRef !== undefined)
    return configured(input, sources);
  const own = ownValue(input);
  if (own !== undefined) return renderText(own, sources.scope);
  const absent = args.absent.get(input.name);
  throw EngineError.VALUE_UNRESOLVED({
    reason: absent ?? `inputs.parameters.${input.name} was not supplied`,
  });
}
