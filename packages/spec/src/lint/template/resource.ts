import { parse } from "yaml";
import type { IssueSink, Path } from "../../issue.ts";
import type { InlineTemplate, Template } from "../../workflow/template.ts";
import { listTagsOf } from "../expressions.ts";
import { hasTag, type Placed, type WorkflowLint } from "../workflow/context.ts";

const actions = ["get", "create", "apply", "delete", "replace", "patch"];
const strategies = ["strategic", "merge", "json"];

/** A resource template: an action that exists, and one manifest that is YAML. */
export function lintResource(
  { sink }: WorkflowLint,
  { value, path }: Placed<Template | InlineTemplate>,
  title: string,
): void {
  const { resource } = value;
  if (resource === undefined) return;
  const at = [...path, "resource"];
  const { action, manifest = "", manifestFrom, mergeStrategy } = resource;
  if (!hasTag(action) && !actions.includes(action)) {
    const message = `${title}.resource.action must be one of: ${actions.join(", ")}`;
    sink.error("SPEC_VALUE", [...at, "action"], { message, hint: `got '${action}'` });
  }
  if (mergeStrategy !== undefined && !hasTag(mergeStrategy) && !strategies.includes(mergeStrategy)) {
    const message = `${title}.resource.mergeStrategy must be one of: ${strategies.join(", ")}`;
    sink.error("SPEC_VALUE", [...at, "mergeStrategy"], { message, hint: `got '${mergeStrategy}'` });
  }
  lintConditions(sink, resource, at, title);
  if (action === "delete" || action === "get") return;
  if (manifest === "" && manifestFrom === undefined) {
    const message = `either ${title}.resource.manifest or ${title}.resource.manifestFrom must be specified`;
    sink.error("SPEC_FIELD_MISSING", at, { message, hint: "write the object under 'manifest: |'" });
  } else if (manifest !== "" && manifestFrom !== undefined) {
    const message =
      "shouldn't have both `manifest` and `manifestFrom` specified in `Manifest` for resource template";
    sink.error("SPEC_CONFLICT", [...at, "manifestFrom"], { message, hint: "keep one of them", key: true });
  }
  lintManifestFrom(sink, value, at);
  lintManifest(sink, manifest, [...at, "manifest"], title);
}

function lintManifestFrom(sink: IssueSink, template: Template | InlineTemplate, path: Path): void {
  const artifact = template.resource?.manifestFrom?.["artifact"];
  if (typeof artifact !== "object" || artifact === null || Array.isArray(artifact)) return;
  const name = String((artifact as Readonly<Record<string, unknown>>)["name"] ?? "");
  const names = (template.inputs?.artifacts ?? []).map((input) => input.name);
  if (names.includes(name)) return;
  const message = `artifact ${name} in \`manifestFrom\` refer to a non-exist artifact`;
  const hint =
    names.length === 0 ? "add it to inputs.artifacts" : `inputs.artifacts has: ${names.join(", ")}`;
  sink.error("SPEC_REFERENCE", [...path, "manifestFrom"], { message, hint });
}

/** Tags stand for some word, as they may break YAML that is fine once they are replaced. */
function lintManifest(sink: IssueSink, manifest: string, path: Path, title: string): void {
  let text = manifest;
  for (const tag of [...listTagsOf(sink, manifest, path)].sort((a, b) => b.start - a.start)) {
    if (tag.end <= text.length) text = `${text.slice(0, tag.start)}x${text.slice(tag.end)}`;
  }
  if (text.trim() === "x") return;
  try {
    parse(text, { uniqueKeys: false, maxAliasCount: 100 });
  } catch (error) {
    const message = `${title}.resource.manifest must be a valid yaml`;
    const [reason = ""] = error instanceof Error ? error.message.split("\n") : [];
    sink.error("SPEC_VALUE", path, { message, hint: reason.replace(/:$/, "") });
  }
}

/** `a.b == x, c > 1`: selectors joined by commas. */
function lintConditions(
  sink: IssueSink,
  resource: NonNullable<Template["resource"]>,
  path: Path,
  title: string,
): void {
  for (const field of ["successCondition", "failureCondition"] as const) {
    const text = resource[field];
    if (text === undefined || hasTag(text) || text.trim() === "") continue;
    const wrong = withoutBrackets(text)
      .split(",")
      .find((part) => !conditionPattern.test(part.trim()));
    if (wrong === undefined) continue;
    sink.error("SPEC_EXPRESSION", [...path, field], {
      message: `${title}.resource.${field} has '${wrong.trim()}', which is no condition`,
      hint: "write conditions as 'status.phase == Succeeded, status.count > 1'; operators: =, ==, !=, >, <, in, notin",
      text: wrong.trim(),
    });
  }
}

/** Commas between brackets belong to a list of values. */
const withoutBrackets = (text: string): string =>
  text.replace(/\([^()]*\)/g, (found) => found.replaceAll(",", " "));

const conditionPattern = /^!?\s*[^\s=!<>]+\s*(?:(?:==|!=|=|>|<)\s*[^=!<>]*|\s(?:in|notin)\s*\([^()]*\))?$/;
