import { type Clock, isAppError } from "@sluice/base";
import { Budget, type Limits } from "../budget.ts";
import { ExprError } from "../errors.ts";
import { SourceText } from "../position.ts";
import { Break } from "./run/branch.ts";
import { maxCalls } from "./run/call.ts";
import { FilterEvaluator } from "./run/evaluate.ts";
import { checkNames } from "./syntax/check.ts";
import { parseFilter } from "./syntax/parser.ts";
import { textOf } from "./values/formats.ts";
import { fail, JqError, toJson } from "./values/values.ts";

export interface JqOptions {
  /** For `now`; without it `now` fails. */
  readonly clock?: Pick<Clock, "now"> | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** A jq filter, ready to be run any number of times. */
export interface CompiledJq {
  readonly text: string;
  /** All results over one input. Errors: EXPR_EVALUATION with the place, EXPR_LIMIT, EXPR_FORBIDDEN_KEY, EXPR_REGEX. */
  readonly run: (input: unknown, options?: JqOptions) => readonly unknown[];
  /**
   * The results as a parameter's value: one a line, texts as they are, the rest as compact JSON, without white space at
   * the ends. Errors: those of `run`.
   */
  readonly render: (input: unknown, options?: JqOptions) => string;
}

const runLimits: Partial<Limits> = { maxSteps: 2_000_000 };

/**
 * Compiles a filter of jq 1.7. Unknown names and formats are found here too. There is no environment, no other input, no
 * file and no module. Errors: EXPR_SYNTAX with the place, EXPR_LIMIT.
 */
export function compileJq(text: string): CompiledJq {
  const source = new SourceText("jq", text);
  const tree = parseFilter(source);
  checkNames(tree, source);
  const evaluated = <T>(
    input: unknown,
    options: JqOptions,
    read: (value: unknown, budget: Budget) => T,
  ): readonly T[] => {
    const budget = new Budget("jq", { ...runLimits, ...options.limits });
    const evaluator = new FilterEvaluator(budget, options.clock);
    const results: T[] = [];
    try {
      for (const value of evaluator.values(tree, input, undefined)) {
        results.push(read(value, budget));
        budget.items(results.length);
      }
      return results;
    } catch (error) {
      throw codedError(error, source, evaluator.at);
    }
  };
  return {
    text,
    run: (input, options = {}) => evaluated(input, options, (value) => value),
    render: (input, options = {}) => {
      let length = 0;
      const lines = evaluated(input, options, (value, budget) => {
        const line = textOf(value, budget);
        length += line.length;
        budget.text(length);
        return line;
      });
      return lines.join("\n").trim();
    },
  };
}

function codedError(error: unknown, source: SourceText, at: number): Error {
  if (error instanceof JqError) return source.evaluation(reasonOf(error), at, error);
  if (isAppError(error)) return error;
  if (error instanceof Break) return source.evaluation("break", at);
  if (error instanceof RangeError)
    return ExprError.LIMIT({ language: "jq", what: "nested calls", max: maxCalls }, error);
  throw error;
}

function reasonOf(error: JqError): string {
  if (typeof error.value === "string") return error.value;
  try {
    return `${toJson(error.value, new Budget("jq"))} (not a string)`;
  } catch {
    return fail("the filter failed");
  }
}
