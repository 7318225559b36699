// jsonpath-plus as the walker of paths, with everything that it would trust taken from it.
// Invariants
//   W1. No text of a path or of an event is ever compiled by it: its own evaluators are out of reach, and a filter is a
//       number, the index of an expr-lang expression. (Its script cache is shared by all users and keyed by text; a
//       filter's compiled form and budget must not outlive a query, so the evaluation is overridden, not optioned.)
//   W2. A part of a path is what the parser made of it. A key of the data that happens to read like such a part (`*`,
//       `?(0)`) never takes its place: the library's "literal first" mode is never on.
//   W3. Own properties only, of arrays their items alone, of texts nothing.
//   W4. Each step of the walk spends from the budget, and results are bounded while they are made.
import { hasCode } from "@sluice/base";
import { JSONPathClass } from "jsonpath-plus";
import type { Budget } from "../budget.ts";
import { ExprError } from "../errors.ts";
import type { CompiledExpr } from "../exprlang/compile.ts";
import { evaluateExpr } from "../exprlang/evaluate.ts";
import { keysToken } from "./parse.ts";

type Trace = JSONPathClass["_trace"];
type Tokens = Parameters<Trace>[0];

/** Deepest place that a path leads to; the library recurses once a level. */
const maxWalkDepth = 500;

export class BoundedWalk extends JSONPathClass {
  readonly #root: unknown;
  readonly #scripts: readonly CompiledExpr[];
  readonly #budget: Budget;
  #found = 0;

  constructor(root: unknown, scripts: readonly CompiledExpr[], budget: Budget) {
    super({ autostart: false, eval: false });
    this.#root = root;
    this.#scripts = scripts;
    this.#budget = budget;
  }

  /** The values at the end of the path, in document order. Errors: EXPR_LIMIT, EXPR_EVALUATION of a script. */
  find(tokens: readonly string[]): readonly unknown[] {
    const ends = this._trace([...tokens], this.#root, ["$"], null, null, undefined, undefined);
    return (Array.isArray(ends) ? ends : [ends]).map((end) => end.value);
  }

  override _trace(...given: Parameters<Trace>): ReturnType<Trace> {
    const [tokens, value, path, parent, key, callback, indefinite] = given;
    this.#budget.spend(1 + (path.length >> 3));
    if (path.length > maxWalkDepth)
      throw ExprError.LIMIT({ language: "jsonpath", what: "levels of the value", max: maxWalkDepth });
    if (value === undefined || typeof parent === "string") return [];
    if (Array.isArray(parent) && !/^\d+$/.test(String(key))) return [];
    if (tokens.length === 0) this.#budget.items(++this.#found);
    return super._trace(tokens, value, path, parent, key, callback, indefinite);
  }

  override _eval(
    code: string,
    value: unknown,
    key: string | number,
    _path: Tokens,
    parent: unknown,
    parentKey: string | number | null,
  ): unknown {
    const script = this.#scripts[Number(code.replace(/[()]/g, ""))];
    if (script === undefined) return undefined;
    this.#budget.spend(20);
    const variables = {
      "@": value,
      $: this.#root,
      "@root": this.#root,
      "@property": key,
      "@parent": parent,
      "@parentProperty": parentKey,
    };
    return code.startsWith("(") ? this.#index(script, variables) : this.#holds(script, variables);
  }

  /** A filter that cannot be told for an element (a missing key, another type) does not hold for it. */
  #holds(script: CompiledExpr, variables: Readonly<Record<string, unknown>>): boolean {
    try {
      const value = evaluateExpr(script, { variables }, this.#budget);
      return value !== false && value !== null;
    } catch (error) {
      if (!hasCode(error, "EXPR_EVALUATION")) throw error;
      // Making an error costs far more than a step of the walk.
      this.#budget.spend(40);
      return false;
    }
  }

  /** What a script leads to: a key or an index, and as literal as one that is written out. */
  #index(script: CompiledExpr, variables: Readonly<Record<string, unknown>>): string {
    const value = evaluateExpr(script, { variables }, this.#budget);
    return keysToken([typeof value === "number" ? Math.trunc(value) : String(value)]).token;
  }
}
