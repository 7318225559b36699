import type { LanguageFunction } from "../exprlang/context.ts";
import { chanceAndTimeFunctions } from "./chance-and-time.ts";
import { collectionFunctions } from "./collections.ts";
import { encodingFunctions } from "./encodings.ts";
import { numberFunctions } from "./numbers.ts";
import { textFunctions } from "./text.ts";

const tables = [
  textFunctions,
  numberFunctions,
  collectionFunctions,
  encodingFunctions,
  chanceAndTimeFunctions,
];
let byName: ReadonlyMap<string, LanguageFunction> | undefined;

/** Sprig's functions by name. Not there: `env`, `expandenv` and all that reach the host, and those that make keys. */
export function sprigFunctions(): ReadonlyMap<string, LanguageFunction> {
  byName ??= new Map(tables.flatMap((table) => Object.entries(table)));
  return byName;
}

export const sprigFunction = (name: string): LanguageFunction | undefined => sprigFunctions().get(name);
