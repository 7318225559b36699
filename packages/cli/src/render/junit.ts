/** One test's result as reporters want it. */
export interface TestResult {
  readonly file: string;
  readonly name: string;
  readonly ms: number;
  /** What was wrong; empty when it passed. */
  readonly failures: readonly string[];
  /** What may be a mistake of the test. */
  readonly warnings: readonly string[];
}

/** JUnit's XML, one suite a file, as CI servers read it. */
export function junit(results: readonly TestResult[]): string {
  const files = [...new Set(results.map(({ file }) => file))];
  const suites = files.map((file) =>
    suite(
      file,
      results.filter((result) => result.file === file),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${counts(results)}>\n${suites.join("\n")}\n</testsuites>\n`;
}

function suite(file: string, results: readonly TestResult[]): string {
  const cases = results.map(({ name, ms, failures }) => {
    const head = `    <testcase classname="${xml(file)}" name="${xml(name)}" time="${seconds(ms)}"`;
    if (failures.length === 0) return `${head}/>`;
    const text = failures.join("\n");
    return `${head}>\n      <failure message="${xml(failures[0] ?? "")}">${xml(text)}</failure>\n    </testcase>`;
  });
  return `  <testsuite name="${xml(file)}"${counts(results)}>\n${cases.join("\n")}\n  </testsuite>`;
}

function counts(results: readonly TestResult[]): string {
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  const ms = results.reduce((sum, result) => sum + result.ms, 0);
  return ` tests="${results.length}" failures="${failed}" errors="0" time="${seconds(ms)}"`;
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(3);

/** Characters that XML 1.0 has no place for are left out, not written as they are. */
const xml = (text: string): string =>
  text
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;");
