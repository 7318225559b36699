import { defineErrors } from "@sluice/base";

/** Where in an expression's own text something is; line and column count from 1, offset from 0 (UTF-16 units). */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

export type Language =
  | "tags"
  | "expr"
  | "when"
  | "govaluate"
  | "depends"
  | "conditions"
  | "gjson"
  | "sjson"
  | "jsonpath"
  | "jq"
  | "gotemplate"
  | "regex"
  | "printf"
  | "cron";

interface At extends Position {
  readonly language: Language;
  /** The expression, clipped. */
  readonly text: string;
  readonly reason: string;
}

const where = (d: Position): string => `${d.line}:${d.column}`;

/** Every failure of an expression. All but LIMIT are the author's to mend; none depends on the outside world. */
export const ExprError = defineErrors("EXPR", {
  SYNTAX: {
    retry: "never",
    message: (d: At) => `${d.reason} at ${where(d)} of ${d.language} expression '${d.text}'`,
    hint: "correct the expression at the place shown",
  },
  EVALUATION: {
    retry: "never",
    message: (d: At) => `failed to evaluate expression: ${d.reason} (${where(d)} of '${d.text}')`,
    hint: "look at the values the expression sees; `??` gives a default for a missing one",
  },
  UNRESOLVED: {
    retry: "never",
    message: (d: { key: string }) => `failed to resolve {{${d.key}}}`,
    hint: "check the name; what a tag can see depends on where it stands",
  },
  LIMIT: {
    retry: "never",
    message: (d: { language: Language; what: string; max: number }) =>
      `${d.language} expression goes past its bound of ${d.max} ${d.what}`,
    hint: "make the expression or its input smaller, or do this work in a step",
  },
  FORBIDDEN_KEY: {
    retry: "never",
    message: (d: { key: string }) => `the key '${d.key}' may not be read or written`,
    hint: "rename the key: __proto__, constructor and prototype are refused everywhere",
  },
  NOT_BOOLEAN: {
    retry: "never",
    message: (d: { text: string; value: string }) =>
      `Expected boolean evaluation for '${d.text}'. Got ${d.value}`,
    hint: "compare the value with something, as in `x == true`",
  },
  WHEN_INVALID: {
    retry: "never",
    message: (d: Position & { text: string; reason: string }) =>
      `Invalid 'when' expression '${d.text}': ${d.reason} (hint: try wrapping the affected expression in quotes ("))`,
    hint: "put bare words that hold anything but letters, digits and _ in double quotes",
  },
  WHEN_FAILED: {
    retry: "never",
    message: (d: { text: string; reason: string }) =>
      `Failed to evaluate 'when' expression '${d.text}': ${d.reason}`,
    hint: "compare like with like; a `-` outside quotes is a subtraction",
  },
  REGEX: {
    retry: "never",
    message: (d: Position & { pattern: string; reason: string }) =>
      `regular expression '${d.pattern}' is not valid at ${where(d)}: ${d.reason}`,
    hint: "the syntax is RE2: no look-around and no back-references",
  },
  PATH: {
    retry: "never",
    message: (d: Position & { path: string; reason: string }) =>
      `path '${d.path}' cannot be used at ${where(d)}: ${d.reason}`,
    hint: "escape a literal '.', '*', '?' or '|' in a key with a backslash",
  },
});
