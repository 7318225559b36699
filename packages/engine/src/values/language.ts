// The one place where the engine meets the expression languages.
import { AppError, messageOf } from "@sluice/base";
import { compileWhen } from "@sluice/expr";
import { EngineError } from "../errors.ts";
import type { Scope } from "./scope.ts";

/** A tag under one of these names must have a value; any other that has none stays as it was written, as in Argo. */
const strictPrefix =
  /^(steps|tasks|inputs|workflow|item)(\.|$)|^(retries|node\.name|pod\.name)$|^lastRetry\./;

/** The text with every tag replaced, once: what is put in is never looked at for tags. */
export function renderText(text: string, scope: Scope): string {
  if (!text.includes("{{")) return text;
  return text.replace(/\{\{\s*([^{}=][^{}]*?)\s*\}\}/g, (tag, key: string) => {
    const value = scope.lookup(key);
    if (typeof value === "string") return value;
    if (value === null) throw EngineError.VALUE_UNRESOLVED({ reason: absentReason(key) });
    if (strictPrefix.test(key))
      throw EngineError.VALUE_UNRESOLVED({ reason: `failed to resolve {{${key}}}` });
    return tag;
  });
}

export const absentReason = (key: string): string =>
  `unable to substitute {{${key}}}: output is an absent optional (skipped/omitted node with no default)`;

/** Every text in a JSON value, rendered. */
export function renderDeep<T>(value: T, scope: Scope): T {
  if (typeof value === "string") return renderText(value, scope) as T;
  if (Array.isArray(value)) return value.map((inner: unknown) => renderDeep(inner, scope)) as T;
  if (typeof value !== "object" || value === null) return value;
  const rendered: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value))
    rendered[renderText(key, scope)] = renderDeep(inner, scope);
  return rendered as T;
}

/** The key when the text is one simple tag and nothing else. */
export const onlyTag = (text: string): string | undefined =>
  /^\{\{\s*([^{}=][^{}]*?)\s*\}\}$/.exec(text)?.[1];

/** A `when` after its tags were replaced. */
export function evaluateWhen(rendered: string): boolean {
  return compileWhen(rendered).evaluate().value;
}

/** An expression's value as JSON; undefined for nil. */
export function evaluateExpression(text: string, scope: Scope): unknown {
  throw EngineError.VALUE_UNRESOLVED({
    reason: `expressions are not there yet: ${text} ${Object.keys(scope.env())}`,
  });
}

/** The text of a failure as it stands in a node's message. */
export const failureText = (error: unknown): string =>
  error instanceof AppError ? error.message : messageOf(error);

/** A retry or hook expression: true or false, or the texts "true" and "false". */
export function evaluateCondition(text: string, scope: Scope): boolean {
  const value = evaluateExpression(text, scope);
  if (value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  throw EngineError.VALUE_UNRESOLVED({
    reason: `Expected boolean evaluation for '${text}'. Got ${JSON.stringify(value) ?? "nil"}`,
  });
}

/** As renderText for the names of a run alone; every other tag stays as it is. */
export function renderNamed(text: string, scope: Scope): string {
  return text.replace(
    /\{\{\s*(workflow\.(?:name|namespace|uid|creationTimestamp(?:\.\w+)?|labels\.[^{}]+?|annotations\.[^{}]+?))\s*\}\}/g,
    (tag, key: string) => scope.lookup(key) ?? tag,
  );
}
