// Artifacts as values: where a content lies and how it is packed, passed on from node to node. Their bytes never come
// into the engine.
import { Artifact } from "@sluice/spec";
import { EngineError } from "../errors.ts";
import type { BoundArtifacts, RenderedArtifacts } from "../run/state/arguments.ts";
import type { Run } from "../run/state/run.ts";
import { globalsOf } from "../values/globals.ts";
import { absentReason, evaluateExpression, onlyTag, renderDeep, renderText } from "../values/language.ts";
import { Scope } from "../values/scope.ts";
import { keyOf, locationOf, withKey } from "./artifact-location.ts";

/** Artifact arguments as the caller's scope makes them; null = its producer never made it. */
export function renderArtifacts(
  artifacts: readonly Artifact[] | undefined,
  scope: Scope,
): RenderedArtifacts | undefined {
  if (artifacts === undefined || artifacts.length === 0) return undefined;
  const rendered = new Map<string, Artifact | null>();
  for (const artifact of artifacts) {
    const value = artifactValue(artifact, scope);
    if (value !== undefined) rendered.set(artifact.name, value);
  }
  return rendered;
}

/**
 * The value that an argument, an input's own location or a composite's output stands for. null = its producer, skipped
 * or omitted, never made it; undefined = it says no place at all.
 * Errors: ENGINE_VALUE_UNRESOLVED, ENGINE_TEMPLATE_INVALID, those of expressions.
 */
export function artifactValue(artifact: Artifact, scope: Scope): Artifact | null | undefined {
  const found = foundValue(artifact, scope);
  if (found === null || found === undefined) return found;
  const { archive = found.archive } = artifact;
  const subPath = joined(
    found.subPath,
    artifact.subPath === undefined ? "" : renderText(artifact.subPath, scope),
  );
  return {
    ...locationOf(found),
    name: artifact.name,
    ...(archive === undefined ? {} : { archive }),
    ...(subPath === "" ? {} : { subPath }),
  };
}

function foundValue(artifact: Artifact, scope: Scope): Artifact | null | undefined {
  if (artifact.fromExpression !== undefined && artifact.fromExpression !== "")
    return valueOfExpression(artifact.fromExpression, scope);
  if (artifact.from === undefined || artifact.from === "") {
    const written = locationOf(artifact);
    return written === undefined ? undefined : { name: artifact.name, ...renderedLocation(written, scope) };
  }
  const key = onlyTag(artifact.from);
  const value = key === undefined ? undefined : scope.artifact(key);
  if (value === undefined)
    throw EngineError.VALUE_UNRESOLVED({ reason: `Unable to resolve: "${artifact.from}"` });
  return value;
}

function valueOfExpression(text: string, scope: Scope): Artifact | null {
  const value = evaluateExpression(text, scope);
  if (value === undefined || value === null) return null;
  const parsed = Artifact.safeParse(value);
  if (!parsed.success || locationOf(parsed.data) === undefined)
    throw EngineError.VALUE_UNRESOLVED({ reason: `fromExpression '${text}' gives no artifact` });
  return parsed.data;
}

function renderedLocation(location: Partial<Artifact>, scope: Scope): Partial<Artifact> {
  const rendered = renderDeep(location, scope);
  const key = rendered.s3?.["key"];
  return typeof key === "string" ? withKey(key) : rendered;
}

const joined = (a: string | undefined, b: string): string =>
  [a ?? "", b]
    .flatMap((path) => path.split("/"))
    .filter((part) => part !== "")
    .join("/");

/** A template's input artifacts, from the caller's arguments or their own location. */
export function bindArtifacts(
  inputs: readonly Artifact[] | undefined,
  args: RenderedArtifacts | undefined,
  scope: Scope,
): BoundArtifacts | undefined {
  if (inputs === undefined || inputs.length === 0) return undefined;
  const bound = new Map<string, Artifact>();
  for (const input of inputs) {
    const value =
      args?.get(input.name) ?? (args?.has(input.name) === true ? null : artifactValue(input, scope));
    if ((value === undefined || value === null) && input.optional !== true)
      throw EngineError.VALUE_UNRESOLVED({ reason: `inputs.artifacts.${input.name} was not supplied` });
    bound.set(input.name, boundInput(input, value ?? undefined, scope));
  }
  return bound;
}

/** Without a value it has a path all the same: texts may name it, to look whether something is there. */
function boundInput(input: Artifact, value: Artifact | undefined, scope: Scope): Artifact {
  const { path, mode, recurseMode, optional, archive = value?.archive } = input;
  return {
    name: input.name,
    ...(path === undefined ? {} : { path: renderText(path, scope) }),
    ...(mode === undefined ? {} : { mode }),
    ...(recurseMode === undefined ? {} : { recurseMode }),
    ...(optional === undefined ? {} : { optional }),
    ...(archive === undefined ? {} : { archive }),
    ...(value?.subPath === undefined ? {} : { subPath: value.subPath }),
    ...(value === undefined ? {} : locationOf(value)),
  };
}

/** Output artifacts of a steps or dag template, from its children. */
export function compositeArtifacts(declared: readonly Artifact[] | undefined, scope: Scope): Artifact[] {
  const made: Artifact[] = [];
  for (const output of declared ?? []) {
    const value = artifactValue(output, scope);
    if (value === undefined || value === null) {
      if (output.optional === true) continue;
      const key = output.from === undefined ? undefined : onlyTag(output.from);
      throw EngineError.VALUE_UNRESOLVED({
        reason: key === undefined ? `output artifact '${output.name}' has no value` : absentReason(key),
      });
    }
    const { globalName } = output;
    made.push({
      ...value,
      ...(globalName === undefined ? {} : { globalName: renderText(globalName, scope) }),
    });
  }
  return made;
}

/**
 * The workflow's own artifact arguments. Those of a run that a trigger asked for carry event data, so nothing in them is
 * taken for a tag.
 */
export function workflowArtifacts(run: Run): RenderedArtifacts | undefined {
  const written = [...run.artifacts.values()];
  if (run.submitted.by.kind !== "trigger")
    return renderArtifacts(written, new Scope(run.now, globalsOf(run)));
  return new Map(
    written.flatMap((artifact) => {
      const location = locationOf(artifact);
      if (location === undefined) return [];
      const key = keyOf(location);
      return [[artifact.name, { name: artifact.name, ...(key === undefined ? location : withKey(key)) }]];
    }),
  );
}
