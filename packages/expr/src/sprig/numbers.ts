import type { LanguageFunction } from "../exprlang/context.ts";
import { fault } from "../fault.ts";
import { float, int, list, str } from "./cast.ts";

const fold =
  (of: (value: unknown) => number, run: (total: number, value: number) => number): LanguageFunction =>
  (args) => {
    if (args.length === 0) fault("not enough arguments");
    return args.map(of).reduce((total, value) => run(total, value));
  };

const divided = (left: number, right: number): number =>
  right === 0 ? fault("integer divide by zero") : Math.trunc(left / right);

function rounded(value: number, places: number): number {
  const scale = 10 ** places;
  return (Math.sign(value) * Math.round(Math.abs(value) * scale)) / scale;
}

const sequence = (
  from: number,
  to: number,
  step: number,
  budget: Parameters<LanguageFunction>[1]["budget"],
) => {
  if (step === 0 || (to - from) / step < 0) return [];
  const count = Math.ceil((to - from) / step);
  budget.items(count);
  return Array.from({ length: count }, (_, index) => from + index * step);
};

export const numberFunctions: Readonly<Record<string, LanguageFunction>> = {
  add: fold(int, (a, b) => a + b),
  add1: ([value]) => int(value) + 1,
  sub: fold(int, (a, b) => a - b),
  mul: fold(int, (a, b) => a * b),
  div: fold(int, divided),
  mod: fold(int, (a, b) => (b === 0 ? fault("integer divide by zero") : a % b)),
  max: fold(int, Math.max),
  min: fold(int, Math.min),
  biggest: fold(int, Math.max),
  addf: fold(float, (a, b) => a + b),
  add1f: ([value]) => float(value) + 1,
  subf: fold(float, (a, b) => a - b),
  mulf: fold(float, (a, b) => a * b),
  divf: fold(float, (a, b) => a / b),
  maxf: fold(float, Math.max),
  minf: fold(float, Math.min),
  ceil: ([value]) => Math.ceil(float(value)),
  floor: ([value]) => Math.floor(float(value)),
  round: ([value, places]) => rounded(float(value), int(places)),
  int: ([value]) => int(value),
  int64: ([value]) => int(value),
  float64: ([value]) => float(value),
  atoi: ([value]) => (/^[-+]?\d+$/.test(str(value)) ? Number(str(value)) : 0),
  toDecimal: ([value]) => Number.parseInt(String(value), 8) || 0,
  until: ([count], { budget }) => sequence(0, int(count), int(count) < 0 ? -1 : 1, budget),
  untilStep: ([from, to, step], { budget }) => sequence(int(from), int(to), int(step), budget),
  seq: (args, { budget }) => {
    if (args.length === 0 || args.length > 3) return "";
    const [first = 0, second = first, third] = args.map(int);
    const from = args.length < 2 ? 1 : first;
    const to = args.length < 2 ? first : args.length === 2 ? second : (third ?? 0);
    const step = args.length === 3 ? second : from <= to ? 1 : -1;
    return sequence(from, to + Math.sign(step), step, budget).join(" ");
  },
  sum: ([items]) => list(items).reduce((total: number, item) => total + int(item), 0),
};
