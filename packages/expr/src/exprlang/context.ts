import type { Clock, Random } from "@sluice/base";
import type { Budget } from "../budget.ts";
import { Fault, fault } from "../fault.ts";

/** What an expression sees. */
export interface ExprEnv {
  /** Root names; own properties only. Plain JSON values, and `GoTime` / `GoDuration` where a time is meant. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** For `now()` and the date functions of sprig; without it they fail. */
  readonly clock?: Pick<Clock, "now"> | undefined;
  /** For sprig's random functions; without it they fail. */
  readonly random?: Random | undefined;
}

/** What a function of a language may use. */
export interface FunctionContext {
  readonly budget: Budget;
  readonly clock: Pick<Clock, "now"> | undefined;
  readonly random: Random | undefined;
}

export type LanguageFunction = (args: readonly unknown[], context: FunctionContext) => unknown;

/** A predicate or mapper given to a built-in. */
export class Closure {
  readonly call: (item: unknown, index: number, acc: unknown) => unknown;

  constructor(call: (item: unknown, index: number, acc: unknown) => unknown) {
    this.call = call;
  }
}

/** A function as a value of the language; it never leaves an evaluation. */
export class FunctionValue {
  readonly name: string;
  readonly run: LanguageFunction;

  constructor(name: string, run: LanguageFunction) {
    this.name = name;
    this.run = run;
  }
}

export const nowOf = (context: FunctionContext): number =>
  context.clock === undefined ? fault("the time is not known here") : context.clock.now();

export const isFault = (error: unknown): error is Fault => error instanceof Fault;
