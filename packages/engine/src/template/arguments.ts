import type { Arguments, Parameter } from "@sluice/spec";
import { EngineError } from "../errors.ts";
import type { BoundInputs, RenderedArguments } from "../run/state/frames.ts";
import { absentReason, evaluateExpression, expressionText, onlyTag, renderText } from "../values/language.ts";
import type { Scope } from "../values/scope.ts";
import { renderArtifacts } from "./artifacts.ts";

export const noArguments: RenderedArguments = { values: new Map(), absent: new Map() };

/** Arguments as the caller's scope makes them: each value final, never rendered again. */
export function renderArguments(args: Arguments | undefined, scope: Scope): RenderedArguments {
  const artifacts = renderArtifacts(args?.artifacts, scope);
  if (args?.parameters === undefined || args.parameters.length === 0)
    return artifacts === undefined ? noArguments : { ...noArguments, artifacts };
  const values = new Map<string, string>();
  const absent = new Map<string, string>();
  for (const parameter of args.parameters) {
    const written = parameter.value ?? parameter.default;
    if (written === undefined) {
      renderFrom(parameter, scope, values);
      continue;
    }
    const key = onlyTag(written);
    if (key !== undefined && scope.lookup(key) === null) absent.set(parameter.name, absentReason(key));
    else values.set(parameter.name, renderText(written, scope));
  }
  return artifacts === undefined ? { values, absent } : { values, absent, artifacts };
}

function renderFrom(parameter: Parameter, scope: Scope, values: Map<string, string>): void {
  const from = parameter.valueFrom;
  const value = from?.expression === undefined ? undefined : evaluateExpression(from.expression, scope);
  if (value !== undefined && value !== null) values.set(parameter.name, expressionText(value));
  else if (from?.default !== undefined) values.set(parameter.name, renderText(from.default, scope));
}

/** A template's inputs from the caller's arguments, its own values and defaults, in that order. */
export function bindInputs(
  inputs: readonly Parameter[] | undefined,
  args: RenderedArguments,
  scope: Scope,
): BoundInputs {
  const bound = new Map<string, string>();
  for (const input of inputs ?? []) bound.set(input.name, bindOne(input, args, scope));
  return bound;
}

function bindOne(input: Parameter, args: RenderedArguments, scope: Scope): string {
  const given = args.values.get(input.name);
  if (given !== undefined) return given;
  const own = input.value ?? input.default ?? input.valueFrom?.default;
  if (own !== undefined) return renderText(own, scope);
  const absent = args.absent.get(input.name);
  throw EngineError.VALUE_UNRESOLVED({
    reason: absent ?? `inputs.parameters.${input.name} was not supplied`,
  });
}
