import { isForbiddenKey, type Json, type JsonObject } from "@sluice/base";
import { maxDepth } from "../budget.ts";
import { ExprError } from "../errors.ts";
import { type RenderOptions, type ResolveTag, renderTemplate } from "./render.ts";

/**
 * Renders every string of a JSON value, keys of objects too. Values are put in as text of their string, never spliced
 * into JSON text, so quotes and newlines cannot break out. Errors: those of renderTemplate, EXPR_FORBIDDEN_KEY for a
 * key that would reach a prototype.
 */
export function renderJson<T extends Json>(value: T, resolve: ResolveTag, options: RenderOptions = {}): T {
  return render(value, (text) => renderTemplate(text, resolve, options), 0) as T;
}

function render(value: Json, text: (template: string) => string, depth: number): Json {
  if (typeof value === "string") return text(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= maxDepth) throw ExprError.LIMIT({ language: "tags", what: "nested levels", max: maxDepth });
  if (Array.isArray(value)) return value.map((item: Json) => render(item, text, depth + 1));
  const made: Record<string, Json> = {};
  for (const [key, inner] of Object.entries(value as JsonObject)) {
    const name = text(key);
    if (isForbiddenKey(name)) throw ExprError.FORBIDDEN_KEY({ key: name });
    made[name] = render(inner, text, depth + 1);
  }
  return made;
}

/** Every string of a JSON value, keys too, in order. */
export function stringsOf(value: Json): readonly string[] {
  const found: string[] = [];
  const visit = (inner: Json): void => {
    if (typeof inner === "string") found.push(inner);
    else if (Array.isArray(inner)) inner.forEach(visit);
    else if (typeof inner === "object" && inner !== null)
      for (const [key, item] of Object.entries(inner as JsonObject)) {
        found.push(key);
        visit(item);
      }
  };
  visit(value);
  return found;
}
