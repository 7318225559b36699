import type { Command } from "commander";

/** Codes of commander's errors about the number of arguments. */
const codes: ReadonlySet<string> = new Set(["commander.missingArgument", "commander.excessArguments"]);

/**
 * What is wrong with the number of a command's arguments, in the words of Argo's command line, and how they go here;
 * undefined for an error of another kind. Source: cobra's positional argument checks.
 */
export function argumentsProblem(command: Command, code: string): string | undefined {
  if (!codes.has(code)) return undefined;
  const { registeredArguments: wanted, args } = command;
  const terms = wanted.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const least = wanted.filter(({ required }) => required).length;
  const most = wanted.some(({ variadic }) => variadic) ? Number.POSITIVE_INFINITY : wanted.length;
  return `${counted(least, most, args.length)}: ${[command.name(), ...terms].join(" ")}`;
}

function counted(least: number, most: number, received: number): string {
  if (most === Number.POSITIVE_INFINITY)
    return `requires at least ${least} arg(s), only received ${received}`;
  if (least === most) return `accepts ${most} arg(s), received ${received}`;
  if (least === 0) return `accepts at most ${most} arg(s), received ${received}`;
  return `accepts between ${least} and ${most} arg(s), received ${received}`;
}
