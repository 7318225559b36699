import { isAppError, isObject } from "@sluice/base";
import type { IssueSink, Path } from "../../issue.ts";
import { podSpecFields, podSpecMerge } from "../../pod-patch/merge-keys.ts";
import { strategicMerge } from "../../pod-patch/strategic-merge.ts";
import { listNames, nearest } from "../../schema/nearest.ts";
import { parseManifests } from "../../yaml/parse.ts";
import type { ExecutorKind } from "../executor-kind.ts";
import { listTagsOf } from "../expressions.ts";

/** Stands for a value; it keeps the tag's length, so that places in the text stay where they are. */
const markOf = (length: number): string => "x".repeat(length);

/** What of a patch has an effect on local steps. */
const local = new Set([
  "containers",
  "initContainers",
  "volumes",
  "activeDeadlineSeconds",
  "terminationGracePeriodSeconds",
]);

/** A `podSpecPatch`: YAML or JSON, a map of fields of a pod, that Kubernetes' rules can merge. */
export function lintPodPatch(
  sink: IssueSink,
  patch: string | undefined,
  { path, title, executor }: { readonly path: Path; readonly title: string; readonly executor: ExecutorKind },
): void {
  if (patch === undefined || patch.trim() === "") return;
  let text = patch;
  for (const { start, end } of listTagsOf(sink, patch, path))
    text = `${text.slice(0, start)}${markOf(end - start)}${text.slice(end)}`;
  const { documents, issues } = parseManifests(text, { limits: { maxDocuments: 1 } });
  const wrong = issues.find(({ severity }) => severity === "error");
  if (wrong !== undefined) {
    const message = `${title}.podSpecPatch is no YAML: ${wrong.message}`;
    sink.error("SPEC_VALUE", path, { message, hint: wrong.hint, ...lineOf(patch, wrong) });
    return;
  }
  const json = documents[0]?.json;
  // A patch that is made of tags alone is known when it runs.
  if (typeof json === "string" && text !== patch) return;
  if (!isObject(json)) {
    const message = `${title}.podSpecPatch is no map of fields of a pod`;
    sink.error("SPEC_VALUE", path, {
      message,
      hint: "begin with 'containers:' and name the container 'main'",
    });
    return;
  }
  try {
    strategicMerge({ containers: [], initContainers: [], volumes: [] }, json, podSpecMerge);
  } catch (error) {
    if (!isAppError(error)) throw error;
    const message = `${title}.podSpecPatch: ${String(error.details["reason"])}`;
    sink.error("SPEC_VALUE", path, { message, hint: error.hint });
  }
  for (const field of Object.keys(json)) lintField(sink, field, { path, title, executor });
}

function lintField(
  sink: IssueSink,
  field: string,
  { path, title, executor }: { readonly path: Path; readonly title: string; readonly executor: ExecutorKind },
): void {
  if (field.startsWith("$") || /^x+$/.test(field)) return;
  if (!podSpecFields.includes(field)) {
    const near = nearest(field, podSpecFields);
    const hint = near === undefined ? `a pod has: ${listNames(podSpecFields)}` : `did you mean '${near}'?`;
    const message = `${title}.podSpecPatch: a pod has no field '${field}' that is known here`;
    sink.warn("SPEC_FIELD_UNKNOWN", path, { message, hint, text: field });
  } else if (executor === "local" && !local.has(field)) {
    const message = `'${field}' of a podSpecPatch has no effect on the local executor`;
    sink.warn("SPEC_EXECUTOR", path, {
      message,
      hint: "run it with --executor kubernetes where it matters",
      text: field,
    });
  }
}

/** The line of an issue, as it stands in the patch, and how far into it; one at the text's end is on its last line. */
function lineOf(
  patch: string,
  { line = 1, col = 1 }: { readonly line?: number; readonly col?: number },
): { readonly text: string; readonly offset: number } {
  const lines = patch.split("\n").slice(0, line);
  const whole = lines.findLast((one) => one.trim() !== "") ?? "";
  const text = whole.trim();
  if (whole !== lines.at(-1)) return { text, offset: text.length };
  const indent = whole.length - whole.trimStart().length;
  return { text, offset: Math.max(0, Math.min(text.length, col - 1 - indent)) };
}
