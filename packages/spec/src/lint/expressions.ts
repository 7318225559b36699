import {
  checkExpr,
  compileExpr,
  compileGoTemplate,
  compileJq,
  compileJsonPath,
  compileWhenTemplate,
  type ExprRead,
  type ExprType,
  exprSignatures,
  getPath,
  listTags,
  type Tag,
} from "@sluice/expr";
import type { IssueSink, Path } from "../issue.ts";
import { didYouMean } from "../schema/nearest.ts";
import { compiled } from "./compiled.ts";

/** The tags of a text; a text with too many or too deep ones is an issue and has none. */
export const listTagsOf = (sink: IssueSink, text: string, at: Path): readonly Tag[] =>
  compiled(sink, { text, path: at }, () => listTags(text)) ?? [];

/** What is known of the place of an expression. */
export interface ExprPlace {
  /** Whether it must give true or false. */
  readonly wants?: "boolean";
}

/**
 * An expression that compiles, calls functions that exist and compares what can be compared; a simple tag inside it
 * stands for some value. Returns what it reads.
 */
export function lintExpr(
  sink: IssueSink,
  text: string,
  at: Path,
  place: ExprPlace = {},
): readonly ExprRead[] {
  const tree = compiled(sink, { text, path: at }, () => compileExpr(text, () => "0"));
  if (tree === undefined) return [];
  const tagged = text.includes("{{");
  const { problems, reads, type } = checkExpr(tree, tagged ? undefined : variableType);
  for (const { offset, message, certain, unknown } of problems) {
    if (tagged && !certain) continue; // a tag may become a text, a number or a truth value
    const hint = unknown === undefined ? hintFor(message) : nameHint(unknown.name, unknown.known);
    const words = { message, hint, text, offset };
    if (certain) sink.error("SPEC_EXPRESSION", at, words);
    else sink.warn("SPEC_EXPRESSION", at, words);
  }
  if (place.wants === "boolean" && !tagged && type !== "boolean" && type !== "unknown") {
    const message = `the expression gives a ${type}, never true or false`;
    sink.warn("SPEC_NEVER", at, { message, hint: "compare it with something", text });
  }
  return reads.filter(({ path }) => !isFunction(path));
}

/** The nearest name, or the one that this one begins with: asInteger is likely asInt. */
function nameHint(name: string, known: readonly string[]): string {
  const begun = known.find((other) => other.length > 3 && name.startsWith(other));
  return didYouMean(
    name,
    known,
    begun === undefined ? "see the functions of expr-lang" : `did you mean '${begun}'?`,
  );
}

const isFunction = (path: string): boolean => exprSignatures.has(path) || path === "sprig";

const hintFor = (message: string): string =>
  message.includes("a text and a number") || message.includes("a number and a text")
    ? "parameters, statuses and exit codes are texts: use asInt(…) or asFloat(…), or quote the number"
    : "make both sides of one kind";

/** Values of a workflow that are texts, whatever they read like. */
const texts =
  /^(?:inputs\.parameters\.[^.]+|workflow\.(?:name|namespace|uid|status|mainEntrypoint|serviceAccountName)|workflow\.parameters\.[^.]+|(?:steps|tasks)\.[^.]+\.(?:status|id|ip|exitCode|outputs\.parameters\.[^.]+)|lastRetry\.(?:exitCode|status|message))$/;

const variableType = (path: string): ExprType => (texts.test(path) ? "text" : "unknown");

/** How a `when` is read: values of tags are data, or may bring operators; `unknown` where who uses it decides. */
export type WhenReading = "data" | "expression" | "unknown";

/**
 * A `when` that compiles as it is written, its tags being operands. Where values may bring operators nothing can be said
 * of a text with tags; where that is not known, a finding is a warning.
 */
export function lintWhen(sink: IssueSink, text: string, at: Path, reading: WhenReading): void {
  const tags = listTagsOf(sink, text, at);
  if (reading === "expression" && tags.length > 0) return;
  const severity = reading === "unknown" && tags.length > 0 ? "warning" : "error";
  compiled(sink, { text, path: at, severity }, () => compileWhenTemplate(text));
}

/** A gjson path that can be followed: its brackets are closed. */
export function lintGjson(sink: IssueSink, path: string, at: Path): void {
  if (!hasOpenQuery(path)) {
    compiled(sink, { text: path, path: at }, () => getPath({}, path));
    return;
  }
  sink.error("SPEC_EXPRESSION", at, {
    message: `path '${path}' has a query '#(' that is not closed`,
    hint: "close it with ')': items.#(name==\"a\").value",
  });
}

/** Whether a `#(…` of a path has no end. Following the path in an empty value would not get that far. */
function hasOpenQuery(path: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < path.length; i++) {
    const character = path[i];
    if (character === "\\") i += 1;
    else if (character === '"' && depth > 0) quoted = !quoted;
    else if (quoted) continue;
    else if (character === "(" && (depth > 0 || path[i - 1] === "#")) depth += 1;
    else if (character === ")" && depth > 0) depth -= 1;
  }
  return depth > 0;
}

/** A Go template that compiles; nothing of it is run. */
export function lintGoTemplate(sink: IssueSink, text: string, at: Path): void {
  compiled(sink, { text, path: at }, () => compileGoTemplate(text));
}

/** A jq filter or a kubectl JSONPath that compiles; with tags in it, it is known only when it runs. */
export function lintObjectQuery(
  sink: IssueSink,
  kind: "jqFilter" | "jsonPath",
  text: string,
  at: Path,
): void {
  if (text.includes("{{")) return;
  compiled(sink, { text, path: at }, () => (kind === "jqFilter" ? compileJq(text) : compileJsonPath(text)));
}
