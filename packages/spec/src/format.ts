import type { Issue } from "./issue.ts";

/** Issues printed when there are more of them. */
const maxPrinted = 50;

/**
 * Issues as text for people: `file:line:col  error  message  (CODE)`, the line of the source with a caret, the hint.
 * `sources` is the text of the one file, or a map from file name to text; without it only the first line is printed.
 */
export function formatIssues(
  issues: readonly Issue[],
  sources?: string | Readonly<Record<string, string>>,
): string {
  const lines = new Map<string, readonly string[]>();
  const linesOf = (file: string | undefined): readonly string[] => {
    const key = file ?? "";
    const known = lines.get(key);
    if (known !== undefined) return known;
    const named = typeof sources === "object" && Object.hasOwn(sources, key) ? sources[key] : undefined;
    const text = typeof sources === "string" ? sources : named;
    const split = text === undefined ? [] : text.replace(/^\uFEFF/, "").split(/\r?\n/);
    lines.set(key, split);
    return split;
  };
  const shown = issues.slice(0, maxPrinted).map((issue) => formatIssue(issue, linesOf(issue.file)));
  if (issues.length > maxPrinted) shown.push(`… and ${issues.length - maxPrinted} more`);
  return shown.join("\n");
}

function formatIssue(issue: Issue, source: readonly string[]): string {
  const place = [issue.file, issue.line, issue.col].filter((part) => part !== undefined).join(":");
  const path = issue.path === "" ? "" : `  [${issue.path}]`;
  const head = `${place === "" ? "" : `${place}  `}${issue.severity}  ${issue.message}  (${issue.code})${path}`;
  const rows = [head];
  const line = issue.line === undefined ? undefined : source[issue.line - 1];
  if (line !== undefined && issue.line !== undefined && issue.col !== undefined) {
    const number = String(issue.line).padStart(5);
    const start = Math.max(0, issue.col - 80);
    const cut = line.slice(start, start + 110).replaceAll("\t", " ");
    rows.push(`${number} | ${cut}`, `${" ".repeat(5)} | ${" ".repeat(issue.col - 1 - start)}^`);
  }
  if (issue.hint !== "") rows.push(`      hint: ${issue.hint}`);
  return rows.join("\n");
}
