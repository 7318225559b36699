// The README is tried: its first workflow is saved and its commands are run, as a new user would.
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root, SluiceProcess } from "./sluice-process.ts";

const readme = readFileSync(join(root, "README.md"), "utf8");

/** Fenced blocks of one language, in order. */
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
    (match) => match[1] ?? "",
  );

describe("the README", () => {
  test("names only npm commands that exist", () => {
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const named = [...readme.matchAll(/npm (?:run ([a-z:]+)|(test|start))/g)].map(
      (match) => match[1] ?? match[2] ?? "",
    );

    expect(named.length).toBeGreaterThan(3);
    for (const name of named) expect(manifest.scripts, `npm run ${name}`).toHaveProperty([name]);
  });

  test("links only to files that exist", () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? "");

    expect(links.length).toBeGreaterThan(5);
    for (const link of links) expect(() => readFileSync(join(root, link)), link).not.toThrow(/ENOENT/);
  });

  test("shows a first workflow that runs, by commands that work", async () => {
    await using sluice = await SluiceProcess.start();
    await writeFile(join(sluice.folder, "hello.yaml"), blocks("yaml")[0] ?? "");
    const commands = blocks("sh")
      .flatMap((block) => block.split("\n"))
      .filter((line) => line.startsWith("npx sluice "));
    const results = [];
    for (const command of commands)
      results.push(await sluice.run(...command.slice("npx sluice ".length).split(" ")));

    expect(commands.length).toBeGreaterThanOrEqual(3);
    expect(results.map((result) => `${result.code} ${result.stderr}`.trim())).toEqual(
      commands.map((command) =>
        command.includes("submit") ? expect.stringMatching(/^0 workflow hello-\w+ submitted$/) : "0",
      ),
    );
    expect(results[1]?.stdout).toContain("hello you");
    expect(results[2]?.stdout).toContain("Succeeded");
  });
});
