import { describe, expect, it } from "vitest";
import { loadManifests } from "../manifest.ts";
import { lintManifests } from "./index.ts";

const whole = "workflowSpec: {entrypoint: t, templates: [{name: t, suspend: {}}]}";

function errorsOf(fields: string, name = "c"): readonly string[] {
  const text = `apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: ${name}}\nspec: {${fields}}\n`;
  const { manifests, mended, issues } = loadManifests(text);
  return [...issues, ...lintManifests([...manifests, ...mended])].flatMap(({ severity, message }) =>
    severity === "error" ? [message] : [],
  );
}

describe("lint of a cron workflow", () => {
  it.each([
    ["no schedule", whole, "cron workflow must have at least one schedule"],
    [
      "both spellings of schedules",
      `schedule: "@daily", schedules: ["@hourly"], ${whole}`,
      "cron workflow cant be configured with both Spec.Schedule and Spec.Schedules",
    ],
    [
      "a schedule out of range, be it the second",
      `schedules: ["@daily", "10 * * 12737123 *"], ${whole}`,
      "cron schedule 10 * * 12737123 * is malformed: end of range (12737123) above maximum (12): 12737123",
    ],
    ["six fields", `schedules: ["* * * * * *"], ${whole}`, "expected exactly 5 fields, found 6"],
    [
      "a policy that is none",
      `schedules: ["@daily"], concurrencyPolicy: Sometimes, ${whole}`,
      "'Sometimes' is not a valid concurrencyPolicy",
    ],
    [
      "a deadline below 0",
      `schedules: ["@daily"], startingDeadlineSeconds: -1, ${whole}`,
      "startingDeadlineSeconds must be positive",
    ],
    [
      "a zone that is none",
      `schedules: ["@daily"], timezone: Nowhere/Land, ${whole}`,
      'invalid timezone "Nowhere/Land": unknown time zone Nowhere/Land',
    ],
    [
      "a workflow that is wrong",
      'schedules: ["@daily"], workflowSpec: {entrypoint: "a b", templates: [{name: "a b", suspend: {}}]}',
      "'a b' is invalid",
    ],
  ])("refuses %s", (_, fields, message) => {
    expect(errorsOf(fields).some((error) => error.includes(message)) || errorsOf(fields)).toBe(true);
  });

  it("says all that is wrong at once, the workflow's errors beside a policy that is none", () => {
    const fields =
      'schedules: ["x"], concurrencyPolicy: Never, workflowSpec: {entrypoint: u, templates: [{name: t, suspend: {}}]}';

    expect(errorsOf(fields)).toEqual([
      expect.stringContaining("'Never' is not a valid concurrencyPolicy"),
      expect.stringContaining("cron schedule x is malformed"),
      expect.stringContaining("template name 'u' undefined"),
    ]);
  });

  it("takes the old spelling alone, and a name of 52 characters", () => {
    expect(errorsOf(`schedule: "@daily", ${whole}`, "a".repeat(52))).toEqual([]);
    expect(errorsOf(`schedule: "@daily", ${whole}`, "a".repeat(53))).toEqual([
      expect.stringContaining("must not be more than 52 characters long (currently 53)"),
    ]);
  });
});
