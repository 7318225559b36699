import { fault } from "./fault.ts";
import { typeName } from "./values.ts";

/** Readers of a function's arguments; each names the place and what came when it is of the wrong kind. */
export function textArgument(args: readonly unknown[], index: number, name: string): string {
  const value = args[index];
  return typeof value === "string" ? value : wrong(args, index, name, "a string");
}

export function numberArgument(args: readonly unknown[], index: number, name: string): number {
  const value = args[index];
  return typeof value === "number" ? value : wrong(args, index, name, "a number");
}

export function wholeArgument(args: readonly unknown[], index: number, name: string): number {
  const value = args[index];
  return Number.isSafeInteger(value) ? (value as number) : wrong(args, index, name, "an integer");
}

export function listArgument(args: readonly unknown[], index: number, name: string): readonly unknown[] {
  const value = args[index];
  return Array.isArray(value) ? value : wrong(args, index, name, "an array");
}

export function wrong(args: readonly unknown[], index: number, name: string, wanted: string): never {
  if (index >= args.length) fault(`not enough arguments to call ${name}`);
  return fault(
    `invalid argument for ${name} (type ${typeName(args[index])}): argument ${index + 1} must be ${wanted}`,
  );
}
