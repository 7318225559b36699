import { fail, shown } from "../values/values.ts";
import type { ValueFunction } from "./function.ts";

const numberOf = (value: unknown): number =>
  typeof value === "number" ? value : fail(`${shown(value)} number required`);

const one =
  (run: (value: number) => unknown): ValueFunction =>
  (value) =>
    run(numberOf(value));

const two =
  (run: (a: number, b: number) => unknown): ValueFunction =>
  (_, [a, b]) =>
    run(numberOf(a), numberOf(b));

/** Half away from zero, as C has it; JavaScript rounds halves up. */
const round = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));

/** Half to even. */
function rint(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function frexp(value: number): readonly [number, number] {
  if (value === 0 || !Number.isFinite(value)) return [value, 0];
  let exponent = Math.max(-1023, Math.floor(Math.log2(Math.abs(value))) + 1);
  let part = value * 2 ** -exponent;
  while (Math.abs(part) < 0.5) [part, exponent] = [part * 2, exponent - 1];
  while (Math.abs(part) >= 1) [part, exponent] = [part / 2, exponent + 1];
  return [part, exponent];
}

const plain = [
  "floor ceil trunc sqrt cbrt exp expm1 log log2 log10 log1p",
  "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh",
]
  .join(" ")
  .split(" ") as readonly (keyof Math & string)[];

export const mathFunctions: Readonly<Record<string, ValueFunction>> = {
  ...Object.fromEntries(plain.map((name) => [`${name}/0`, one(Math[name] as (value: number) => number)])),
  "fabs/0": one(Math.abs),
  "abs/0": one(Math.abs),
  "round/0": one(round),
  "rint/0": one(rint),
  "nearbyint/0": one(rint),
  "exp2/0": one((value) => 2 ** value),
  "exp10/0": one((value) => 10 ** value),
  "pow10/0": one((value) => 10 ** value),
  "significand/0": one((value) => frexp(value)[0] * (value === 0 || !Number.isFinite(value) ? 1 : 2)),
  "logb/0": one((value) => (value === 0 ? -Infinity : frexp(value)[1] - 1)),
  "frexp/0": one(frexp),
  "modf/0": one((value) => [value - Math.trunc(value), Math.trunc(value)]),
  "pow/2": two((a, b) => a ** b),
  "atan2/2": two(Math.atan2),
  "fmod/2": two((a, b) => a % b),
  "fmin/2": two(Math.min),
  "fmax/2": two(Math.max),
  "hypot/2": two(Math.hypot),
  "ldexp/2": two((a, b) => a * 2 ** b),
  "scalb/2": two((a, b) => a * 2 ** b),
  "copysign/2": two((a, b) => Math.abs(a) * (b < 0 || Object.is(b, -0) ? -1 : 1)),
  "fma/3": (_, [a, b, c]) => numberOf(a) * numberOf(b) + numberOf(c),
  "infinite/0": () => Number.POSITIVE_INFINITY,
  "nan/0": () => Number.NaN,
  "isinfinite/0": one((value) => Math.abs(value) === Number.POSITIVE_INFINITY),
  "isnan/0": one(Number.isNaN),
  "isnormal/0": one((value) => Number.isFinite(value) && Math.abs(value) >= 2.2250738585072014e-308),
};
