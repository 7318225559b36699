import { numberArgument, wholeArgument, wrong } from "../../arguments.ts";
import { fault } from "../../fault.ts";
import { Closure, type LanguageFunction } from "../context.ts";

/** All numbers of the arguments, lists opened. */
function numbers(args: readonly unknown[], name: string): readonly number[] {
  return args.flatMap((value, index) => {
    if (typeof value === "number") return [value];
    if (!Array.isArray(value)) return wrong(args, index, name, "a number or a list of numbers");
    return value.map((_, inner) => numberArgument(value, inner, name));
  });
}

/** The greatest or least number; nil of an empty list. */
const extreme =
  (name: string, of: (a: number, b: number) => number): LanguageFunction =>
  (args) => {
    if (args.length === 0) fault(`not enough arguments to call ${name}`);
    const found = numbers(args, name);
    return found.length === 0 ? null : found.reduce((a, b) => of(a, b));
  };

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const bits =
  (name: string, run: (left: bigint, right: bigint) => bigint): LanguageFunction =>
  (args) =>
    Number(
      BigInt.asIntN(64, run(BigInt(wholeArgument(args, 0, name)), BigInt(wholeArgument(args, 1, name)))),
    );

const shift =
  (name: string, run: (value: bigint, by: bigint) => bigint): LanguageFunction =>
  (args) => {
    const by = wholeArgument(args, 1, name);
    if (by < 0) fault(`invalid operation: negative shift count ${by}`);
    return Number(BigInt.asIntN(64, run(BigInt(wholeArgument(args, 0, name)), BigInt(Math.min(by, 64)))));
  };

export const numberBuiltins: Readonly<Record<string, LanguageFunction>> = {
  abs: (args) => Math.abs(numberArgument(args, 0, "abs")),
  ceil: (args) => Math.ceil(numberArgument(args, 0, "ceil")),
  floor: (args) => Math.floor(numberArgument(args, 0, "floor")),
  // Go rounds halves away from zero.
  round: (args) => {
    const value = numberArgument(args, 0, "round");
    return Math.sign(value) * Math.round(Math.abs(value));
  },
  max: extreme("max", Math.max),
  min: extreme("min", Math.min),
  sum: (args, { budget }) => {
    const [items, closure] = args;
    if (!Array.isArray(items)) return wrong(args, 0, "sum", "an array");
    budget.items(items.length);
    const values =
      closure instanceof Closure ? items.map((item, index) => closure.call(item, index, undefined)) : items;
    return total(numbers([values], "sum"));
  },
  mean: (args) => {
    const values = numbers(args, "mean");
    return values.length === 0 ? 0 : total(values) / values.length;
  },
  median: (args) => {
    const values = numbers(args, "median").toSorted((a, b) => a - b);
    const middle = Math.floor(values.length / 2);
    if (values.length === 0) return 0;
    return values.length % 2 === 1 ? values[middle] : ((values[middle - 1] ?? 0) + (values[middle] ?? 0)) / 2;
  },
  bitand: bits("bitand", (a, b) => a & b),
  bitor: bits("bitor", (a, b) => a | b),
  bitxor: bits("bitxor", (a, b) => a ^ b),
  bitnand: bits("bitnand", (a, b) => a & ~b),
  bitnot: (args) => Number(~BigInt(wholeArgument(args, 0, "bitnot"))),
  bitshl: shift("bitshl", (value, by) => value << by),
  bitshr: shift("bitshr", (value, by) => value >> by),
  bitushr: shift("bitushr", (value, by) => BigInt.asUintN(64, value) >> by),
};
