// What looks like a tag and is none: it stays in the text as it is written, and nothing else would say so.
import type { Tag } from "@sluice/expr";
import type { IssueSink } from "../issue.ts";
import { nearest } from "../schema/nearest.ts";
import type { PlacedText } from "./texts.ts";

const named = /^(?:parameters|artifacts)\./;
const ofNode = /\.(?:outputs|status|id|ip|exitCode|startedAt|finishedAt)\b/;

/** What follows the first word where it can only be meant for a tag; other languages have words like these too. */
const roots: Readonly<Record<string, RegExp>> = {
  inputs: named,
  outputs: named,
  steps: ofNode,
  tasks: ofNode,
  workflow:
    /^(?:name|namespace|uid|status|duration|failures|priority|creationTimestamp|(?:outputs\.)?parameters|labels|annotations)\b/,
};

/** Of `cronworkflow`, which a workflow does not have. */
export const cronHint =
  "only `when` and `stopStrategy` of a CronWorkflow see it; a run has {{workflow.scheduledTime}}, and the labels and annotations of workflowMetadata";

const open = /\{\{=?\s*(?:inputs|outputs|steps|tasks|workflow|item|pod|node)\b[^{}]*(?:\}(?!\})|$)/g;

/** Warns of tags whose first word is misspelt, and of those that are not closed. */
export function lintAlmostTags(sink: IssueSink, tags: readonly Tag[], { text, path }: PlacedText): void {
  for (const { kind, start, end, text: name, dynamic } of tags) {
    if (kind === "expression" || dynamic) continue;
    const hint = hintOf(name.trim());
    if (hint === undefined) continue;
    const raw = text.slice(start, end);
    const message = `${raw} is no variable: it stays in the text as it is written`;
    sink.warn("SPEC_UNRESOLVED", path, { message, hint, text: raw });
  }
  for (const { index, 0: raw } of text.matchAll(open)) {
    if (tags.some(({ start, end }) => index >= start && index < end)) continue;
    const message = "the tag is not closed: it stays in the text as it is written";
    sink.warn("SPEC_UNRESOLVED", path, { message, hint: "close it with '}}'", text: raw });
  }
}

function hintOf(name: string): string | undefined {
  if (name.startsWith("cronworkflow.")) return cronHint;
  const meant = meantBy(name);
  return meant === undefined ? undefined : `did you mean '${meant}'?`;
}

function meantBy(name: string): string | undefined {
  const dot = name.indexOf(".");
  if (dot <= 0) return undefined;
  const first = name.slice(0, dot);
  if (Object.hasOwn(roots, first)) return undefined;
  const near = nearest(first, Object.keys(roots));
  const rest = near === "steps" || near === "tasks" ? name.slice(dot) : name.slice(dot + 1);
  return near !== undefined && roots[near]?.test(rest) === true ? near : undefined;
}
