import type { Outputs, Parameter } from "@sluice/spec";
import { EngineError } from "../errors.ts";
import type { StepFinished } from "../facts.ts";
import type { NodeOutputs } from "../run/state/node.ts";
import { absentReason, evaluateExpression, expressionText, onlyTag, renderText } from "../values/language.ts";
import type { Scope } from "../values/scope.ts";
import { compositeArtifacts } from "./artifacts.ts";

/**
 * Output parameters of a step from the files that came back; `declared` has no tag left in it. When the step went well,
 * a missing file without a default is an error, and so is one that could not be taken: its default stands for no file,
 * not for a lost one.
 */
export function leafOutputs(
  declared: readonly Parameter[] | undefined,
  { outputs: files = {}, unread = {}, message }: Pick<StepFinished, "outputs" | "unread" | "message">,
  strict: boolean,
): Parameter[] {
  const made: Parameter[] = [];
  for (const parameter of declared ?? []) {
    const file = Object.hasOwn(files, parameter.name) ? files[parameter.name] : undefined;
    const lost = Object.hasOwn(unread, parameter.name) ? unread[parameter.name] : undefined;
    if (strict && lost !== undefined)
      throw EngineError.VALUE_UNRESOLVED({ reason: `failed to save outputs: ${lost}` });
    const value = file ?? parameter.valueFrom?.default ?? parameter.default ?? parameter.value;
    if (value !== undefined) made.push({ ...parameter, value });
    else if (strict)
      throw EngineError.VALUE_UNRESOLVED({
        reason: `failed to save outputs: ${message ?? `output parameter '${parameter.name}' has no file at ${parameter.valueFrom?.path ?? "its path"} and no default`}`,
      });
  }
  return made;
}

/** Outputs of a steps or dag template, from its children; where they came from is not told, as in Argo. */
export function compositeOutputs(declared: Outputs | undefined, scope: Scope): NodeOutputs | undefined {
  const parameters =
    declared?.parameters?.map((p) => {
      const { valueFrom: _source, ...shown } = p;
      return { ...shown, ...globalName(p, scope), value: outputValue(p, scope) };
    }) ?? [];
  const artifacts = compositeArtifacts(declared?.artifacts, scope);
  if (parameters.length === 0 && artifacts.length === 0) return undefined;
  return {
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(artifacts.length === 0 ? {} : { artifacts }),
  };
}

/** A global name may be made of inputs. */
const globalName = ({ globalName: written }: Parameter, scope: Scope): Partial<Parameter> =>
  written === undefined ? {} : { globalName: renderText(written, scope) };

function outputValue(parameter: Parameter, scope: Scope): string {
  const from = parameter.valueFrom;
  if (from?.expression !== undefined) {
    const value = evaluateExpression(from.expression, scope);
    if (value !== undefined && value !== null) return expressionText(value);
  } else if (from?.parameter !== undefined) {
    const key = onlyTag(from.parameter);
    if (key === undefined) return renderText(from.parameter, scope);
    const value = scope.lookup(key);
    if (typeof value === "string") return value;
    if (from.default === undefined)
      throw EngineError.VALUE_UNRESOLVED({
        reason: value === null ? absentReason(key) : `failed to resolve {{${key}}}`,
      });
  } else if (parameter.value !== undefined) return renderText(parameter.value, scope);
  if (from?.default !== undefined) return renderText(from.default, scope);
  throw EngineError.VALUE_UNRESOLVED({
    reason: `output parameter '${parameter.name}' has no value: its expression gives nil and it has no default`,
  });
}
