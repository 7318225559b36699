import { defineErrors } from "@sluice/base";
import { hasErrors, type Issue } from "./issue.ts";

export const SpecError = defineErrors("SPEC", {
  INVALID: {
    retry: "never",
    message: (d: { issues: readonly Issue[] }) => {
      const errors = d.issues.filter((issue) => issue.severity === "error");
      const first = errors[0];
      const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
      return first === undefined ? "the manifest is not valid" : `${placeOf(first)}${first.message}${more}`;
    },
    hint: (d: { issues: readonly Issue[] }) =>
      d.issues.find((issue) => issue.severity === "error")?.hint ?? "run `sluice lint --offline FILE`",
  },
  PATCH_INVALID: {
    retry: "never",
    message: (d: { reason: string }) => `the patch cannot be merged: ${d.reason}`,
    hint: "write it as a strategic merge patch: the fields that change, and the names of what they are in",
  },
});

/** `file:line:col: path: `, as far as known. */
function placeOf(issue: Issue): string {
  const where = [issue.file, issue.line, issue.col].filter((part) => part !== undefined).join(":");
  const parts = [where, issue.path].filter((part) => part !== "");
  return parts.length === 0 ? "" : `${parts.join(": ")}: `;
}

/** Throws `SPEC_INVALID{issues}` when one of the issues is an error; warnings pass. */
export function requireNoErrors(issues: readonly Issue[]): void {
  if (hasErrors(issues)) throw SpecError.INVALID({ issues });
}
