import type { Command } from "commander";

/**
 * The words of a command line with `--switch=true` and `--switch=false` as the incumbent's takes them: the switch, or
 * nothing. Options of the command that take a value are left as they are, and so is all that comes after `--`.
 */
export function plainSwitches(program: Command, argv: readonly string[]): readonly string[] {
  const switches = new Set(
    optionsAt(program, argv)
      .filter((option) => option.isBoolean())
      .map(({ long }) => long),
  );
  const end = argv.indexOf("--");
  return argv.flatMap((word, index) => {
    const [, name, value] = /^(--[a-z][-a-z]*)=(true|false)$/.exec(word) ?? [];
    if (name === undefined || !switches.has(name) || (end >= 0 && index > end)) return [word];
    return value === "true" ? [name] : [];
  });
}

/** The options of the command that the words name, and of those that it is of. */
function optionsAt(program: Command, argv: readonly string[]): Command["options"] {
  const options = [...program.options];
  let command = program;
  for (const word of argv) {
    const next = command.commands.find((child) => child.name() === word || child.aliases().includes(word));
    if (next === undefined) continue;
    command = next;
    options.push(...next.options);
  }
  return options;
}
