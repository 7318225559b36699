// The pages of docs/ are tried: their files are saved and their commands are run, in order, by a shell.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { chmod, cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePort } from "../free-port.ts";
import { root, SluiceProcess } from "./sluice-process.ts";

const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
const read = (name: string): string => readFileSync(join(root, "docs", name), "utf8");

/** Lines of the shell blocks of a page that begin with `program`. */
const commandsOf = (page: string, program: string): string[] =>
  [...page.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap((match) => (match[1] ?? "").split("\n"))
    .filter((line) => line.startsWith(`${program} `));

/** What goes on until it is stopped, and what needs an id or a token of its own; other tests try these. */
const notAlone = /^sluice (up|engine|demo|events tail|dead show|auth token)( |$)/;

interface Ran {
  readonly command: string;
  readonly code: number;
  readonly output: string;
}

const shell = (command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> =>
  new Promise((resolve) =>
    execFile(
      "sh",
      ["-c", command],
      { cwd, env: { ...process.env, NO_COLOR: "1", ...env } },
      (error, out, err) =>
        resolve({ command, code: error === null ? 0 : Number(error.code ?? -1), output: out + err }),
    ),
  );

/** `sluice` from the sources, for shells that have the folder on their path. */
async function writeProgram(folder: string): Promise<void> {
  const program = join(folder, "sluice");
  const entry = join(root, "packages", "cli", "src", "main.ts");
  await writeFile(
    program,
    `#!/bin/sh\nexec "${process.execPath}" --conditions=@sluice/source "${entry}" "$@"\n`,
  );
  await chmod(program, 0o755);
}

test.each(pages)("%s links only to files that exist", (name) => {
  for (const [, link = ""] of read(name).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g))
    expect(() => readFileSync(join(root, "docs", dirname(name), link)), link).not.toThrow(/ENOENT/);
});

describe("the page of the command line", () => {
  test("shows files and commands that work as they stand", { timeout: 600_000 }, async () => {
    const page = read("cli.md");
    await using sluice = await SluiceProcess.start();
    const port = String(await freePort());
    for (const [, name = "", text = ""] of page.matchAll(/^`([a-z]+\.yaml)`:\n\n```yaml\n([\s\S]*?)```/gm))
      await writeFile(join(sluice.folder, name), text.replaceAll("12001", port));
    await writeProgram(sluice.folder);

    const commands = commandsOf(page, "sluice").filter((command) => !notAlone.test(command));
    const env = { SLUICE_SERVER: sluice.url, PATH: `${sluice.folder}:${process.env["PATH"]}` };
    const failed: Ran[] = [];
    for (const command of commands) {
      const ran = await shell(command, sluice.folder, env);
      if (ran.code !== 0) failed.push(ran);
    }

    expect(commands.length).toBeGreaterThan(25);
    expect(failed).toEqual([]);
  });
});

test("the page of testing shows commands and a test file that work as they stand", async () => {
  const page = read("testing.md");
  const folder = await mkdtemp(join(tmpdir(), "sluice-testing-"));
  try {
    await cp(join(root, "examples"), join(folder, "examples"), { recursive: true });
    const [, text = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    await writeFile(join(folder, "examples", "coinflip", "page.test.yaml"), text);
    await writeProgram(folder);
    const commands = commandsOf(page, "sluice");
    const env = { PATH: `${folder}:${process.env["PATH"]}` };

    const ran: Ran[] = [];
    for (const command of commands) ran.push(await shell(command, folder, env));

    expect(ran.filter(({ code }) => code !== 0)).toEqual([]);
    expect(ran.map(({ output }) => output).join("")).toMatch(/page\.test\.yaml[\s\S]*5 passed, 0 failed/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("the page of the API shows requests that are answered", async () => {
  await using sluice = await SluiceProcess.start();
  const commands = commandsOf(read("api.md"), "curl");
  const addresses = commands.map((command) => command.split("$SLUICE_SERVER")[1] ?? "");

  expect(addresses.length).toBeGreaterThanOrEqual(4);
  for (const address of addresses) {
    const response = await fetch(`${sluice.url}${address}`);
    expect(response.status, address).toBe(200);
  }
});
