import type { Ran } from "./run-case.ts";

const groups: Readonly<Record<string, string>> = {
  a: "engine only",
  b: "artifact storage",
  c: "Kubernetes, or a companion",
  d: "an outside service",
  fixture: "applied for others",
};

/** What failed and what was not run, each with why; then one line a group. */
export function table(ran: readonly Ran[]): string {
  const lines: string[] = [];
  for (const { case: one, outcome } of ran)
    if (outcome.kind === "failed")
      lines.push(
        `FAILED   ${one.group}  ${one.name}`,
        ...outcome.reasons.map((reason) => `           ${reason.slice(0, 600)}`),
      );
  const unrun = ran.filter(({ outcome }) => outcome.kind === "not-run");
  for (const { case: one, outcome } of unrun)
    if (outcome.kind === "not-run") lines.push(`not run  ${one.group}  ${one.name}: ${outcome.reason}`);
  if (lines.length > 0) lines.push("");
  lines.push("group                             rows   passed   failed   not run   passed of run");
  for (const [group, title] of Object.entries(groups)) {
    const rows = ran.filter(({ case: one }) => one.group === group);
    if (rows.length === 0) continue;
    const of = (kind: string) => rows.filter(({ outcome }) => outcome.kind === kind).length;
    const [passed, failed, out] = [of("passed"), of("failed"), of("not-run")];
    const share = passed + failed === 0 ? "–" : `${((100 * passed) / (passed + failed)).toFixed(1)} %`;
    lines.push(
      `${`${group}  ${title}`.padEnd(32)}${[rows.length, passed, failed, out].map((n) => String(n).padStart(6)).join("   ")}   ${share.padStart(10)}`,
    );
  }
  return lines.join("\n");
}
