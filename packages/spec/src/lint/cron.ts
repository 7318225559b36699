import type { IssueSink } from "../issue.ts";
import type { CronWorkflow } from "../workflow/workflow.ts";
import { lintExpr } from "./expressions.ts";
import { isTimezone } from "./formats.ts";

/** Longest name: the start time is appended to it for the run's name. */
const maxCronName = 52;

/** The schedule of a CronWorkflow. */
export function lintCron({ metadata, spec }: CronWorkflow, sink: IssueSink): void {
  const name = metadata.name ?? "";
  if (name.length > maxCronName) {
    sink.error("SPEC_NAME", ["metadata", "name"], {
      message: `cron workflow name "${name}" must not be more than ${maxCronName} characters long (currently ${name.length})`,
      hint: "shorten it",
    });
  }
  if (spec.schedule !== undefined) {
    sink.warn("SPEC_DEPRECATED", ["spec", "schedule"], {
      message: "'schedule' is an old spelling",
      hint: "write 'schedules' with a list",
      key: true,
    });
  }
  if (spec.schedule === undefined && (spec.schedules ?? []).length === 0) {
    sink.error("SPEC_FIELD_MISSING", ["spec", "schedules"], {
      message: "cron workflow must have at least one schedule",
      hint: 'for example schedules: ["0 8 * * *"]',
    });
  }
  if (spec.timezone !== undefined && spec.timezone !== "" && !isTimezone(spec.timezone)) {
    sink.error("SPEC_VALUE", ["spec", "timezone"], {
      message: `invalid timezone "${spec.timezone}"`,
      hint: "use a name of the IANA list, for example 'Europe/Berlin'",
    });
  }
  const stop = spec.stopStrategy?.expression;
  if (stop !== undefined) lintExpr(sink, stop, ["spec", "stopStrategy", "expression"]);
  const seconds = spec.startingDeadlineSeconds;
  if (seconds !== undefined && seconds !== null && seconds < 0) {
    const message = "startingDeadlineSeconds must be positive";
    sink.error("SPEC_VALUE", ["spec", "startingDeadlineSeconds"], { message, hint: "give it seconds" });
  }
}
