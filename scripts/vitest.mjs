// Runs vitest and closes with the one line that says how it went: `N passed, N failed, N skipped`.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, runHere } from "./setup/workspace.mjs";

/** Resolves with the exit code: not 0 when a test failed, an error was left unhandled, or nothing ran. */
export async function runVitest(args, env) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-vitest-"));
  const file = join(folder, "result.json");
  try {
    const vitest = join(root, "node_modules", ".bin", "vitest");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const code = await runHere(vitest, ["run", ...reporters, ...args], { env });
    return close(code, JSON.parse(readFileSync(file, "utf8")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function close(code, result) {
  const passed = result.numPassedTests;
  // A file that could not even be loaded has no tests of its own, and is a failure all the same.
  const broken = result.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  const failed = result.numFailedTests + broken;
  const skipped = result.numPendingTests + (result.numTodoTests ?? 0);
  if (code !== 0 && failed === 0) process.stdout.write("an error outside of any test was reported above\n");
  if (passed === 0 && failed === 0) process.stdout.write("no test ran\n");
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  return code !== 0 || failed > 0 || passed === 0 ? code || 1 : 0;
}
