import type { Arguments, Parameter } from "@sluice/spec";
import { type ConfigMaps, configValue, renderConfigKey } from "../definitions/config-maps.ts";
import { EngineError } from "../errors.ts";
import type { BoundInputs, RenderedArguments } from "../run/state/frames.ts";
import { absentReason, evaluateExpression, expressionText, onlyTag, renderText } from "../values/language.ts";
import { parameters, type Scope } from "../values/scope.ts";
import { renderArtifacts } from "./artifacts.ts";

export const noArguments: RenderedArguments = { values: new Map(), absent: new Map() };

/** Arguments as the caller's scope makes them: each value final, never rendered again. */
export function renderArguments(
  args: Arguments | undefined,
  scope: Scope,
  configMaps: ConfigMaps,
): RenderedArguments {
  const artifacts = renderArtifacts(args?.artifacts, scope);
  if (args?.parameters === undefined || args.parameters.length === 0)
    return artifacts === undefined ? noArguments : { ...noArguments, artifacts };
  const values = new Map<string, string>();
  const absent = new Map<string, string>();
  for (const parameter of args.parameters) {
    const { value, default: otherwise, valueFrom } = parameter;
    const written = value ?? (valueFrom?.configMapKeyRef === undefined ? otherwise : undefined);
    if (written === undefined) {
      renderFrom(parameter, { scope, configMaps }, values);
      continue;
    }
    const key = onlyTag(written);
    if (key !== undefined && scope.lookup(key) === null) absent.set(parameter.name, absentReason(key));
    else values.set(parameter.name, renderText(written, scope));
  }
  return artifacts === undefined ? { values, absent } : { values, absent, artifacts };
}

interface Sources {
  readonly scope: Scope;
  readonly configMaps: ConfigMaps;
}

function renderFrom(parameter: Parameter, { scope, configMaps }: Sources, values: Map<string, string>): void {
  const from = parameter.valueFrom;
  if (from?.configMapKeyRef !== undefined) {
    values.set(parameter.name, configured(parameter, { scope, configMaps }));
    return;
  }
  const value = from?.expression === undefined ? undefined : evaluateExpression(from.expression, scope);
  if (value !== undefined && value !== null) values.set(parameter.name, expressionText(value));
  else if (from?.default !== undefined) values.set(parameter.name, renderText(from.default, scope));
}

/** A value from a ConfigMap; where it is not there, the default. Errors: ENGINE_VALUE_UNRESOLVED. */
function configured({ default: otherwise, valueFrom }: Parameter, { scope, configMaps }: Sources): string {
  const ref = valueFrom?.configMapKeyRef ?? { key: "" };
  const found = configValue(configMaps, renderConfigKey(ref, scope));
  if (found.kind === "value") return found.value;
  const instead = valueFrom?.default ?? otherwise;
  if (found.isAbsent && instead !== undefined) return renderText(instead, scope);
  throw EngineError.VALUE_UNRESOLVED({ reason: found.reason });
}

/**
 * A template's inputs from the caller's arguments, its own values and defaults, in that order. What the template itself
 * says may be made of its other inputs.
 */
export function bindInputs(
  inputs: readonly Parameter[] | undefined,
  { args, configMaps }: { readonly args: RenderedArguments; readonly configMaps: ConfigMaps },
  scope: Scope,
): BoundInputs {
  const found = new Map<string, string>();
  const made: Parameter[] = [];
  for (const input of inputs ?? [])
    if (!args.values.has(input.name) && hasTags(ownValue(input))) made.push(input);
    else found.set(input.name, bindOne(input, args, { scope, configMaps }));
  if (made.length === 0) return found;
  bindMade(made, found, (input) => {
    const inner = scope.with(parameters("inputs.parameters", found));
    return bindOne(input, args, { scope: inner, configMaps });
  });
  return new Map((inputs ?? []).map(({ name }) => [name, found.get(name) ?? ""]));
}

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
  if (input.value === undefined && input.valueFrom?.configMapKeyRef !== undefined)
    return configured(input, sources);
  const own = ownValue(input);
  if (own !== undefined) return renderText(own, sources.scope);
  const absent = args.absent.get(input.name);
  throw EngineError.VALUE_UNRESOLVED({
    reason: absent ?? `inputs.parameters.${input.name} was not supplied`,
  });
}
