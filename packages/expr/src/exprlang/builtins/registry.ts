import type { LanguageFunction } from "../context.ts";
import { collectionBuiltins } from "./collections.ts";
import { convertBuiltins } from "./convert.ts";
import { numberBuiltins } from "./numbers.ts";
import { predicateBuiltins } from "./predicates.ts";
import { stringBuiltins } from "./strings.ts";

let byName: ReadonlyMap<string, LanguageFunction> | undefined;

/**
 * expr-lang's own functions and Argo's additions (`asInt asFloat toJson jsonpath`), by name. Gathered at first use:
 * JSONPath's filters are expressions themselves, so the modules load in a circle.
 */
export function builtinFunctions(): ReadonlyMap<string, LanguageFunction> {
  byName ??= new Map(
    [predicateBuiltins, collectionBuiltins, stringBuiltins, numberBuiltins, convertBuiltins].flatMap(
      (table) => Object.entries(table),
    ),
  );
  return byName;
}
