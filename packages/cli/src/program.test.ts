import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { makeProgram } from "./program.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "cli.md"), "utf8");
const program = makeProgram({}, new AbortController().signal);

/** Every command that does something, by its whole name. */
function commandsOf(command: Command, before: readonly string[] = []): [string, Command][] {
  return command.commands.flatMap((child): [string, Command][] => {
    const name = [...before, child.name()];
    return child.commands.length > 0 ? commandsOf(child, name) : [[name.join(" "), child]];
  });
}

/** What scripts of ours ask for is not for people. */
const commands = commandsOf(program).filter(([name]) => !name.startsWith("__"));

describe("the page of the command line", () => {
  test.each(commands.map(([name]) => name))("has `%s` with an example", (name) => {
    expect(page).toContain(`\`${name}\``);
    expect(page).toMatch(new RegExp(`^sluice ${name}( |$)`, "m"));
  });

  test("names no command and no option that does not exist", () => {
    const examples = [...page.matchAll(/^sluice (.*)$/gm)].map((match) => match[1] ?? "");
    for (const example of examples) {
      const [, command] = commands.find(([name]) => `${example} `.startsWith(`${name} `)) ?? [];
      expect(command, example).toBeDefined();
      const known = command?.options.flatMap((option) => [option.short, option.long]);
      for (const [option] of example.matchAll(/(?<= )--?[a-z][-a-z0-9]*/g))
        expect(known, example).toContain(option);
    }
  });
});

test("every command says in a line what it does", () => {
  for (const [name, command] of commands) expect(command.description(), name).toMatch(/^[a-z][^\n]{5,}$/);
});
