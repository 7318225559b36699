// What a step's executor is told of its artifacts, and what its end makes of them.
import type { Artifact } from "@sluice/spec";
import { EngineError } from "../errors.ts";
import type { ArtifactArchive, ArtifactInput, ArtifactOutput } from "../executor/artifacts.ts";
import type { StepRequest } from "../executor/request.ts";
import type { StepFinished } from "../facts.ts";
import type { Unit } from "../run/state/frames.ts";
import { podName } from "../run/state/node.ts";
import type { Run } from "../run/state/run.ts";
import { renderDeep } from "../values/language.ts";
import type { Scope } from "../values/scope.ts";
import { keyOf, locationOf, withKey } from "./artifact-location.ts";

export interface StepArtifacts {
  readonly request: StepRequest["artifacts"];
  /** As declared, with all tags replaced and a key each. */
  readonly outputs: readonly Artifact[];
}

/** Input and output artifacts of a leaf. Errors: ENGINE_TEMPLATE_INVALID, those of tags. */
export function stepArtifacts(run: Run, unit: Unit, scope: Scope): StepArtifacts {
  const declared = unit.shape.template.outputs?.artifacts ?? [];
  const outputs = declared.map((artifact) => renderedOutput(run, unit, artifact, scope));
  const inputs = [...(unit.call.artifacts?.values() ?? [])].flatMap(inputOf);
  const saved = outputs.flatMap(outputOf);
  if (inputs.length === 0 && saved.length === 0) return { request: undefined, outputs };
  return { request: { inputs, outputs: saved }, outputs };
}

function renderedOutput(run: Run, unit: Unit, artifact: Artifact, scope: Scope): Artifact {
  const { s3: _s3, gcs: _gcs, oss: _oss, azure: _azure, ...rest } = renderDeep(artifact, scope);
  const location = locationOf(artifact);
  const key =
    location === undefined
      ? `${run.key.name}/${podName(run.key.name, unit.shape.name, unit.name)}/${artifact.name}${extensionOf(rest)}`
      : keyOf(renderDeep(location, scope));
  if (key === undefined)
    throw EngineError.TEMPLATE_INVALID({ reason: `output artifact '${artifact.name}' cannot be raw data` });
  return { ...rest, ...withKey(key) };
}

const extensionOf = ({ archive }: Partial<Artifact>): string =>
  archive?.none !== undefined ? "" : archive?.zip !== undefined ? ".zip" : ".tgz";

/** Undefined for one without a place in the step, or without content. Errors: ENGINE_TEMPLATE_INVALID. */
export const artifactInput = (artifact: Artifact): ArtifactInput | undefined => inputOf(artifact)[0];

function inputOf(artifact: Artifact): ArtifactInput[] {
  const { name, path, mode, recurseMode, optional, subPath, archive, raw } = artifact;
  const key = keyOf(artifact);
  if (path === undefined || (raw === undefined && key === undefined)) return [];
  return [
    {
      name,
      path: validPath(name, path),
      source: raw === undefined ? { kind: "key", key: key ?? "" } : { kind: "raw", data: raw.data },
      optional: optional === true,
      ...(archive === undefined ? {} : { archive: archiveOf(archive).kind }),
      ...(subPath === undefined ? {} : { subPath }),
      ...(mode === undefined ? {} : { mode }),
      ...(recurseMode === undefined ? {} : { recurseMode }),
    },
  ];
}

function outputOf(artifact: Artifact): ArtifactOutput[] {
  const { name, path, archive, optional } = artifact;
  if (path === undefined) return [];
  return [
    {
      name,
      path: validPath(name, path),
      key: keyOf(artifact) ?? "",
      archive: archiveOf(archive),
      optional: optional === true,
    },
  ];
}

/** Paths may come from parameters, so they are looked at here. */
function validPath(name: string, path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (!path.startsWith("/") || parts.length === 0 || parts.includes("..") || path.includes("\0"))
    throw EngineError.TEMPLATE_INVALID({
      reason: `path '${path}' of artifact '${name}' must be absolute, below '/' and without '..'`,
    });
  return `/${parts.join("/")}`;
}

/** Default: tar with gzip's own level. */
function archiveOf(archive: Artifact["archive"]): ArtifactArchive {
  if (archive?.none !== undefined) return { kind: "none" };
  if (archive?.zip !== undefined) return { kind: "zip" };
  const level = archive?.tar?.["compressionLevel"];
  return typeof level === "number" && Number.isInteger(level) && level >= -1 && level <= 9
    ? { kind: "tar", level }
    : { kind: "tar" };
}

/**
 * A step's output artifacts from what was saved. When the step went well, a missing one that is not optional is an
 * error, and so is one that could not be saved.
 */
export function leafArtifacts(
  declared: readonly Artifact[],
  { artifacts: saved = {}, unsaved = {} }: Pick<StepFinished, "artifacts" | "unsaved">,
  strict: boolean,
): Artifact[] {
  const made: Artifact[] = [];
  for (const artifact of declared) {
    const lost = Object.hasOwn(unsaved, artifact.name) ? unsaved[artifact.name] : undefined;
    if (strict && lost !== undefined)
      throw EngineError.VALUE_UNRESOLVED({ reason: `failed to save outputs: ${lost}` });
    const there = Object.hasOwn(saved, artifact.name) ? saved[artifact.name] : undefined;
    if (there !== undefined) made.push({ ...artifact, s3: { key: there.key } });
    else if (strict && artifact.optional !== true && artifact.path !== undefined)
      throw EngineError.VALUE_UNRESOLVED({
        reason: `failed to save outputs: output artifact '${artifact.name}' has no file at ${artifact.path}`,
      });
  }
  return made;
}
