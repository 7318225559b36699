import { isAppError } from "@sluice/base";
import type { Limits } from "../budget.ts";
import { ExprError } from "../errors.ts";
import { compileExpr } from "../exprlang/compile.ts";
import { type ExprEnv, evaluateExpr } from "../exprlang/evaluate.ts";
import { exprText } from "../exprlang/text.ts";
import { type ParsedTemplate, parseTemplate, type TemplatePart } from "./parse.ts";

/** The value of a simple tag's key as text, or undefined where this stage does not know it. */
export type ResolveTag = (key: string) => string | undefined;

export interface RenderOptions {
  /** What `{{= expr }}` sees; without it such tags stay as they are. */
  readonly expression?: ExprEnv | undefined;
  /** Keys under these words (`steps` covers `steps.x`) must resolve; `""` makes every key strict. Default: none. */
  readonly strictPrefixes?: readonly string[] | undefined;
  /** Told of each simple tag that stays literally. */
  readonly onUnresolved?: ((key: string) => void) | undefined;
  /** Expressions that fail stay literally and are told here, for stages that run before all values exist. Default: they throw. */
  readonly onExpressionFailed?: ((text: string, error: Error) => void) | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Renders Argo's tags in one pass. A substituted value is data: it is never scanned for tags again.
 * Unknown simple tags stay literally unless strict. Errors: EXPR_UNRESOLVED (strict), EXPR_EVALUATION and
 * EXPR_SYNTAX of expressions, EXPR_LIMIT.
 */
export function renderTemplate(text: string, resolve: ResolveTag, options: RenderOptions = {}): string {
  if (!text.includes("{{")) return text;
  return renderParsed(parseTemplate(text), resolve, options);
}

export function renderParsed(
  template: ParsedTemplate,
  resolve: ResolveTag,
  options: RenderOptions = {},
): string {
  return new Renderer(template.text, resolve, options).parts(template.parts).text;
}

interface Rendered {
  readonly text: string;
  /** Whether a tag inside stayed literally: a key made with it can have no value yet. */
  readonly open: boolean;
}

class Renderer {
  readonly #source: string;
  readonly #resolve: ResolveTag;
  readonly #options: RenderOptions;

  constructor(source: string, resolve: ResolveTag, options: RenderOptions) {
    this.#source = source;
    this.#resolve = resolve;
    this.#options = options;
  }

  parts(parts: readonly TemplatePart[]): Rendered {
    let text = "";
    let open = false;
    for (const part of parts) {
      const rendered = this.#part(part);
      text += rendered.text;
      open ||= rendered.open;
    }
    return { text, open };
  }

  #part(part: TemplatePart): Rendered {
    switch (part.kind) {
      case "text":
        return { text: part.text, open: false };
      case "simple":
        return this.#simple(part);
      case "expression":
        return this.#expression(part);
    }
  }

  #simple(part: TemplatePart & { kind: "simple" }): Rendered {
    const inner = this.parts(part.inner);
    const literal = { text: `{{${inner.text}}}`, open: true };
    if (inner.open) return literal;
    const key = inner.text.trim();
    const value = this.#resolve(key);
    if (value !== undefined) return { text: value, open: false };
    if (this.#isStrict(key)) throw ExprError.UNRESOLVED({ key });
    this.#options.onUnresolved?.(key);
    return literal;
  }

  #isStrict(key: string): boolean {
    return (this.#options.strictPrefixes ?? []).some(
      (prefix) =>
        prefix === "" || key === prefix || key.startsWith(prefix.endsWith(".") ? prefix : `${prefix}.`),
    );
  }

  #expression(part: TemplatePart & { kind: "expression" }): Rendered {
    const literal = { text: this.#source.slice(part.start, part.end), open: true };
    const env = this.#options.expression;
    if (env === undefined) return literal;
    try {
      const compiled = this.#compile(part.text);
      const value = evaluateExpr(compiled, env, this.#options.limits);
      if (value === null || value === undefined) throw compiled.source.evaluation("the result is nil", 0);
      return { text: exprText(value), open: false };
    } catch (error) {
      if (!isAppError(error) || this.#options.onExpressionFailed === undefined) throw error;
      this.#options.onExpressionFailed(part.text, error);
      return literal;
    }
  }

  /** Simple tags inside an expression become literals of it: text from outside is never read as code. */
  #compile(text: string) {
    return compileExpr(text, (key) => {
      const value = this.#resolve(key);
      if (value === undefined && this.#isStrict(key)) throw ExprError.UNRESOLVED({ key });
      return value;
    });
  }
}
