// The one place where the engine meets the expression languages.
import { isAppError, isForbiddenKey, messageOf } from "@sluice/base";
import {
  type CompiledExpr,
  compileExpr,
  compileWhenTemplate,
  type ExprEnv,
  evaluateExpr,
  exprText,
  listTags,
  renderTemplate,
} from "@sluice/expr";
import { EngineError } from "../errors.ts";
import type { Condition } from "../executor/work.ts";
import type { Scope } from "./scope.ts";

/** A tag under one of these words must have a value; any other that has none stays as it was written, as in Argo. */
const strictPrefixes = [
  "steps",
  "tasks",
  "inputs",
  "workflow",
  "item",
  "retries",
  "lastRetry",
  "node.name",
  "pod.name",
];

/**
 * The text with every tag replaced, once: what is put in is never looked at for tags.
 * Errors: ENGINE_VALUE_UNRESOLVED for an output that was never made; those of expressions.
 */
export function renderText(text: string, scope: Scope): string {
  if (!text.includes("{{")) return text;
  const expression = text.includes("{{=") ? { expression: envOf(scope) } : {};
  return renderTemplate(text, resolverOf(scope), { strictPrefixes, ...expression });
}

const resolverOf =
  (scope: Scope) =>
  (key: string): string | undefined => {
    const value = scope.lookup(key);
    if (value === null) throw EngineError.VALUE_UNRESOLVED({ reason: absentReason(key) });
    return value;
  };

/** Time in an expression is the time of the fact in hand, and chance follows from it and the place: a replay gives the same. */
function envOf(scope: Scope): ExprEnv {
  const { now } = scope;
  return {
    variables: scope.env(),
    clock: { now: () => now },
    random: scope.chance(),
  };
}

export const absentReason = (key: string): string =>
  `unable to substitute {{${key}}}: output is an absent optional (skipped/omitted node with no default)`;

/** Every text in a JSON value, rendered; keys that would reach a prototype are refused. */
export function renderDeep<T>(value: T, scope: Scope): T {
  if (typeof value === "string") return renderText(value, scope) as T;
  if (Array.isArray(value)) return value.map((inner: unknown) => renderDeep(inner, scope)) as T;
  if (typeof value !== "object" || value === null) return value;
  const rendered: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const name = renderText(key, scope);
    if (isForbiddenKey(name))
      throw EngineError.VALUE_UNRESOLVED({ reason: `the key '${name}' may not be written` });
    rendered[name] = renderDeep(inner, scope);
  }
  return rendered as T;
}

/** The key when the text is one simple tag and nothing else. */
export const onlyTag = (text: string): string | undefined =>
  /^\{\{\s*([^{}=][^{}]*?)\s*\}\}$/.exec(text)?.[1];

/** With the value `expression`, values of tags in a `when` may bring operators, as in Argo; else they are data. */
const whenAnnotation = "sluice.dev/when-values";

/** Whether a `when` holds, and its text with the tags' values. Errors: those of tags and of expressions. */
export function evaluateWhen(text: string, scope: Scope): { value: boolean; rendered: string } {
  const expressionsInValues = scope.lookup(`workflow.annotations.${whenAnnotation}`) === "expression";
  const expression = text.includes("{{=") ? { expression: envOf(scope) } : {};
  const options = { strictPrefixes, expressionsInValues, ...expression };
  return compileWhenTemplate(text, options).evaluate(resolverOf(scope), options);
}

/** An expression's value; null for nil. Errors: those of expressions. */
export function evaluateExpression(text: string, scope: Scope): unknown {
  if (!text.includes("{{=")) return evaluateExpr(compiled(text, resolverOf(scope)), envOf(scope));
  const { text: rendered, tags } = conditionOf(text, scope);
  return evaluateExpr(
    compileExpr(rendered, (key) => tags[key]),
    envOf(scope),
  );
}

/** An expression's value as a parameter's text: JSON with sorted keys, a text as it is. */
export const expressionText = (value: unknown): string => exprText(value);

/** The text of a failure as it stands in a node's message. */
export const failureText = (error: unknown): string => (isAppError(error) ? error.message : messageOf(error));

/** A retry or hook expression: true or false, or the texts "true" and "false". */
export function evaluateCondition(text: string, scope: Scope): boolean {
  const value = evaluateExpression(text, scope);
  if (value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  throw EngineError.VALUE_UNRESOLVED({
    reason: `Expected boolean evaluation for '${text}'. Got ${JSON.stringify(value) ?? "nil"}`,
  });
}

/**
 * A condition that is evaluated after the work, by who does it: its tags' values are kept beside the text, as data. What
 * `{{=…}}` gives becomes a tag of its own. Errors: those of tags and of expressions; EXPR_SYNTAX before anything is done.
 */
export function conditionOf(text: string, scope: Scope): Condition {
  const resolve = resolverOf(scope);
  const tags: Record<string, string> = {};
  let rendered = text;
  for (const { kind, start, end } of listTags(text).toReversed()) {
    if (kind !== "expression") continue;
    const name = `_value${start}`;
    tags[name] = renderText(text.slice(start, end), scope);
    rendered = `${rendered.slice(0, start)}{{${name}}}${rendered.slice(end)}`;
  }
  compileExpr(rendered, (key) => {
    const value = Object.hasOwn(tags, key) ? tags[key] : resolve(key);
    if (value !== undefined && !isForbiddenKey(key)) tags[key] = value;
    return value;
  });
  return { text: rendered, tags };
}

/** Whether a hook's expression holds. Errors: those of expressions; a result that is no truth value. */
export const hookHolds = (expression: string, scope: Scope): boolean => evaluateCondition(expression, scope);

/** Dotted paths that an expression reads; none for a text that cannot be read as one. */
export function referencesOf(expression: string): readonly string[] {
  try {
    return compiled(expression, undefined).references;
  } catch {
    return [];
  }
}

const cache = new Map<string, CompiledExpr>();
const maxCached = 1_000;

/** Texts without tags in them compile once: a loop's items share them. */
function compiled(text: string, resolve: ((key: string) => string | undefined) | undefined): CompiledExpr {
  if (text.includes("{{")) return compileExpr(text, resolve ?? (() => ""));
  const known = cache.get(text);
  if (known !== undefined) return known;
  const made = compileExpr(text);
  if (cache.size >= maxCached) cache.clear();
  cache.set(text, made);
  return made;
}

/** A text of any language, with the value of each tag beside it as data. Errors: those of tags and of expressions. */
export function textWithData(text: string, scope: Scope): Condition {
  const tags: Record<string, string> = {};
  let rendered = text;
  // A tag inside of another belongs to it: only whole ones have a place of their own.
  let reached = 0;
  const whole = listTags(text).filter(({ start, end }) => {
    const isInner = start < reached;
    reached = Math.max(reached, end);
    return !isInner;
  });
  for (const { start, end } of whole.toReversed()) {
    const tag = text.slice(start, end);
    const value = renderText(tag, scope);
    if (value === tag) continue;
    const name = `_value${start}`;
    tags[name] = value;
    rendered = `${rendered.slice(0, start)}{{${name}}}${rendered.slice(end)}`;
  }
  return { text: rendered, tags };
}

/** What a run has only once it goes on: it is not known when its arguments are bound. */
const lateNames = /^workflow\.(?:status|duration|failures|outputs|parameters(?:\.json)?$)/;

/** As renderText for what is known before a run starts; every other tag, and an expression that fails, stays as it is. */
export function renderEarly(text: string, scope: Scope): string {
  if (!text.includes("{{")) return text;
  const resolve = (key: string) => (lateNames.test(key) ? undefined : (scope.lookup(key) ?? undefined));
  return renderTemplate(text, resolve, { expression: envOf(scope), onExpressionFailed: () => {} });
}
