import type { Path } from "../../issue.ts";
import { type Artifact, artifactLocations } from "../../workflow/parameter.ts";
import type { InlineTemplate, Template } from "../../workflow/template.ts";
import { hasTag, isComposite, type Placed, typesOf, type WorkflowLint } from "../workflow/context.ts";
import { lintListNames, nameRule } from "../workflow/list-names.ts";

/** Whether an artifact says by itself where it is. */
export const hasLocation = (artifact: Artifact): boolean =>
  artifactLocations.some((kind) => artifact[kind] !== undefined);

/** Artifacts of inputs and outputs: names, paths, and fields that fit their side. */
export function lintTemplateArtifacts(
  lint: WorkflowLint,
  { value, path }: Placed<Template | InlineTemplate>,
  title: string,
): void {
  for (const side of ["inputs", "outputs"] as const) {
    const list = value[side]?.artifacts ?? [];
    const at = [...path, side, "artifacts"];
    lintListNames(lint, list, at, `${title}.${side}.artifacts`);
    for (const [i, artifact] of list.entries()) {
      const place = { artifact, path: [...at, i], place: `${title}.${side}.artifacts.${artifact.name}` };
      lintPath(lint, place, value);
      lintLocation(lint, place);
      if (side === "inputs") lintInput(lint, place);
      else lintGlobalName(lint, artifact.globalName, place.path, place.place);
    }
  }
}

interface ArtifactPlace {
  readonly artifact: Artifact;
  readonly path: Path;
  readonly place: string;
}

function lintPath(
  { sink }: WorkflowLint,
  { artifact, path, place }: ArtifactPlace,
  template: Template | InlineTemplate,
): void {
  const at = [...path, "path"];
  if (isComposite(template)) {
    if (artifact.path === undefined) return;
    const message = `${place}.path only valid in container/script templates`;
    sink.error("SPEC_CONFLICT", at, {
      message,
      hint: "a steps or dag template only passes artifacts on",
      key: true,
    });
    return;
  }
  if ((artifact.path ?? "") === "") {
    if (!needsPath(template)) return;
    const message = `error in ${place}: Artifact '${artifact.name}' did not specify a path`;
    sink.error("SPEC_FIELD_MISSING", at, { message, hint: "say where the file is in the container" });
    return;
  }
  if (climbs(artifact.path ?? "")) {
    const message = `error in ${place}: attempted to use a path containing '..'. Directory traversal is not permitted`;
    sink.error("SPEC_VALUE", at, { message, hint: "write the path without '..'" });
  }
}

/** Whether a path leaves the folder in which it first goes up: `/tmp/../tmp/x` comes back to it, `/tmp/../x` does not. */
function climbs(path: string): boolean {
  const parts = path.split("/");
  const first = parts.indexOf("..");
  if (first < 0) return false;
  const base = parts.slice(0, first);
  const kept: string[] = [];
  for (const part of parts.slice(1)) {
    if (part === "..") kept.pop();
    else if (part !== "." && part !== "") kept.push(part);
  }
  const back = ["", ...kept];
  return parts[0] !== "" || back.length <= base.length || base.some((part, i) => part !== back[i]);
}

/** Types that put the artifact into a file system. */
const needsPath = (template: Template | InlineTemplate): boolean =>
  ["container", "script", "containerSet", "resource"].includes(typesOf(template)[0] ?? "");

function lintInput({ sink }: WorkflowLint, { artifact, path, place }: ArtifactPlace): void {
  for (const field of ["from", "fromExpression"] as const) {
    if (artifact[field] === undefined) continue;
    const message = `${place}.from not valid in inputs`;
    sink.error("SPEC_CONFLICT", [...path, field], {
      message,
      hint: "say it in the arguments of the step that calls this template",
      key: true,
    });
  }
}

function lintLocation({ sink }: WorkflowLint, { artifact, path, place }: ArtifactPlace): void {
  const given = artifactLocations.filter((kind) => artifact[kind] !== undefined);
  if (given.length > 1) {
    const message = `${place} has more than one location: ${given.join(", ")}`;
    sink.error("SPEC_CONFLICT", [...path, given[1] ?? ""], { message, hint: "keep one of them", key: true });
  }
  const { git } = artifact;
  if (git !== undefined && (typeof git["repo"] !== "string" || git["repo"] === "")) {
    const message = `${place}.git.repo is required`;
    sink.error("SPEC_FIELD_MISSING", [...path, "git", "repo"], {
      message,
      hint: "name the repository's URL",
    });
  }
  const archives = Object.keys(artifact.archive ?? {});
  if (archives.length > 1) {
    const message = `${place}.archive has more than one of: ${archives.join(", ")}`;
    sink.error("SPEC_CONFLICT", [...path, "archive"], { message, hint: "keep one of them" });
  }
}

/** Artifacts that are arguments: each says where it comes from. */
export function lintArtifactArguments(
  lint: WorkflowLint,
  list: readonly Artifact[],
  path: Path,
  title: string,
): void {
  lintListNames(lint, list, path, `${title}.artifacts`);
  for (const [i, artifact] of list.entries()) {
    const at = [...path, i];
    const place = `${title}.${artifact.name}`;
    lintLocation(lint, { artifact, path: at, place });
    if (artifact.from !== undefined && artifact.fromExpression !== undefined) {
      const message = `${place} shouldn't have both \`from\` and \`fromExpression\` in Artifact`;
      lint.sink.error("SPEC_CONFLICT", [...at, "fromExpression"], {
        message,
        hint: "keep one of them",
        key: true,
      });
    }
    const sourced =
      artifact.from !== undefined || artifact.fromExpression !== undefined || hasLocation(artifact);
    if (sourced || artifact.optional === true || lint.library) continue;
    lint.sink.error("SPEC_ARGUMENT", at, {
      message: `${place}.from, artifact location, or key is required`,
      hint: 'for example from: "{{steps.NAME.outputs.artifacts.A}}", or raw: {data: …}',
    });
  }
}

/** A globalName is a name of its own, unless it is made with tags. */
export function lintGlobalName(
  { sink }: WorkflowLint,
  globalName: string | undefined,
  path: Path,
  place: string,
): void {
  if (globalName === undefined || hasTag(globalName) || /^[-a-zA-Z0-9_]+$/.test(globalName)) return;
  const message = `${place}.globalName: ${nameRule}`;
  sink.error("SPEC_NAME", [...path, "globalName"], { message, hint: "rename it" });
}
