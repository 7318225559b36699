import type { SensorIssue } from "../errors.ts";

/** Checks a Go template when the sensor is compiled. */
export function checkTemplate(text: string, path: string, issues: SensorIssue[]): void {
  if (text !== "") issues.push({ path, message: "Go templates are not supported yet: use a key" });
}

/** Renders a Go template over `.Input`. Errors: EXPR_… . */
export function renderTemplate(_text: string, _input: unknown): string {
  return "";
}
