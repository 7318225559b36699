import type { LanguageFunction } from "../context.ts";
import { collectionBuiltins } from "./collections.ts";
import { convertBuiltins } from "./convert.ts";
import { numberBuiltins } from "./numbers.ts";
import { predicateBuiltins } from "./predicates.ts";
import { stringBuiltins } from "./strings.ts";

/** expr-lang's own functions and Argo's additions (`asInt asFloat toJson jsonpath`), by name. */
export const builtins: ReadonlyMap<string, LanguageFunction> = new Map(
  [predicateBuiltins, collectionBuiltins, stringBuiltins, numberBuiltins, convertBuiltins].flatMap((table) =>
    Object.entries(table),
  ),
);
