// Writes docs/errors.md from the error tables of all packages; with --check only says whether it is fresh.
// Runs under Node 24 with `--conditions=@sluice/source`.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const target = join(root, "docs", "errors.md");
const { definedErrors } = await import(pathToFileURL(join(root, "packages", "base", "src", "index.ts")).href);

/** Every file that defines errors, whether or not its package's door leads to it. */
function* errorFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* errorFiles(path);
    else if (entry.name.endsWith("errors.ts") && !path.includes("/base/")) yield path;
  }
}
const packages = readdirSync(join(root, "packages")).sort();
const sections = [];
const seen = new Set();
for (const name of packages) {
  for (const file of errorFiles(join(root, "packages", name, "src"))) await import(pathToFileURL(file).href);
  const rows = definedErrors().filter((row) => !seen.has(row.code));
  for (const row of rows) seen.add(row.code);
  if (rows.length > 0) sections.push(section(name, rows));
}

function cell(text) {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ").replaceAll("<", "‹").replaceAll(">", "›");
}

function section(name, rows) {
  const lines = rows.map(
    ({ code, retry, message, hint }) => `| \`${code}\` | ${retry} | ${cell(message)} | ${cell(hint)} |`,
  );
  return `## ${name}\n\n| code | again? | message | what to do |\n|---|---|---|---|\n${lines.join("\n")}\n`;
}

const text = `# Errors

Every error has a code that never changes its meaning, in the API (\`{code, message, hint, details}\`), in \`--json\`
output and in logs. *Again?* says whether trying again can help: \`never\` (the input is wrong), \`later\` (the world may
change), \`bug\` (an invariant of ours broke: please report it). This page is made from the code by \`npm run gen\`.

${sections.join("\n")}`;

if (process.argv.includes("--check")) {
  const fresh = existsSync(target) && readFileSync(target, "utf8") === text;
  process.stdout.write(fresh ? "docs/errors.md is fresh\n" : "docs/errors.md is stale: run `npm run gen`\n");
  process.exitCode = fresh ? 0 : 1;
} else {
  writeFileSync(target, text);
  process.stdout.write(`docs/errors.md: ${seen.size} codes\n`);
}
