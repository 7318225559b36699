import type { LanguageFunction } from "../exprlang/context.ts";
import { chanceAndTimeFunctions } from "./chance-and-time.ts";
import { collectionFunctions } from "./collections.ts";
import { encodingFunctions } from "./encodings.ts";
import { locationFunctions } from "./locations.ts";
import { numberFunctions } from "./numbers.ts";
import { textFunctions } from "./text.ts";

const tables = [
  textFunctions,
  numberFunctions,
  collectionFunctions,
  encodingFunctions,
  locationFunctions,
  chanceAndTimeFunctions,
];
/** Other names of the same functions: `must…` forms fail where the plain ones do, and paths have slashes everywhere. */
const aliases: Readonly<Record<string, string>> = {
  mustRegexFind: "regexFind",
  mustRegexFindAll: "regexFindAll",
  mustRegexReplaceAll: "regexReplaceAll",
  mustRegexReplaceAllLiteral: "regexReplaceAllLiteral",
  mustRegexSplit: "regexSplit",
  push: "append",
  mustPush: "append",
  mustDeepCopy: "deepCopy",
  typeIsLike: "typeIs",
  osBase: "base",
  osDir: "dir",
  osExt: "ext",
  osClean: "clean",
  osIsAbs: "isAbs",
  must_date_modify: "mustDateModify",
};

let byName: ReadonlyMap<string, LanguageFunction> | undefined;

/** Sprig's functions by name. Not there: `env`, `expandenv` and all that reach the host, and those that make keys. */
export function sprigFunctions(): ReadonlyMap<string, LanguageFunction> {
  if (byName !== undefined) return byName;
  const made = new Map(tables.flatMap((table) => Object.entries(table)));
  for (const [alias, name] of Object.entries(aliases)) {
    const run = made.get(name);
    if (run !== undefined) made.set(alias, run);
  }
  byName = made;
  return made;
}

export const sprigFunction = (name: string): LanguageFunction | undefined => sprigFunctions().get(name);
