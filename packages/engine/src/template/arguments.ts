import type { Arguments, Parameter } from "@sluice/spec";
import { type ConfigMaps, configValue, renderConfigKey } from "../definitions/config-maps.ts";
import { EngineError } from "../errors.ts";
import type { BoundInputs, RenderedArguments } from "../run/state/frames.ts";
import { absentReason, evaluateExpression, expressionText, onlyTag, renderText } from "../values/language.ts";
import type { Scope } from "../values/scope.ts";
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

/** A template's inputs from the caller's arguments, its own values and defaults, in that order. */
export function bindInputs(
  inputs: readonly Parameter[] | undefined,
  { args, configMaps }: { readonly args: RenderedArguments; readonly configMaps: ConfigMaps },
  scope: Scope,
): BoundInputs {
  const bound = new Map<string, string>();
  for (const input of inputs ?? []) bound.set(input.name, bindOne(input, args, { scope, configMaps }));
  return bound;
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
  const own = input.value ?? input.default ?? input.valueFrom?.default;
  if (own !== undefined) return renderText(own, sources.scope);
  const absent = args.absent.get(input.name);
  throw EngineError.VALUE_UNRESOLVED({
    reason: absent ?? `inputs.parameters.${input.name} was not supplied`,
  });
}
