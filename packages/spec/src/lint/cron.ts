import { compileCron, parseCron } from "@sluice/expr";
import type { IssueSink, Path } from "../issue.ts";
import type { CronWorkflow } from "../workflow/workflow.ts";
import { lintExpr, listTagsOf } from "./expressions.ts";
import { isTimezone } from "./formats.ts";

/** Longest name: the start time is appended to it for the run's name. */
const maxCronName = 52;
/** Most schedules of one cron workflow. */
const maxSchedules = 100;

/** The schedule of a CronWorkflow. */
export function lintCron(manifest: CronWorkflow, sink: IssueSink): void {
  const { spec } = manifest;
  lintName(manifest, sink);
  lintSchedules(spec, sink);
  if (spec.timezone !== undefined && spec.timezone !== "" && !isTimezone(spec.timezone)) {
    sink.error("SPEC_VALUE", ["spec", "timezone"], {
      message: `invalid timezone "${spec.timezone}": unknown time zone ${spec.timezone}`,
      hint: "use a name of the IANA list, for example 'Europe/Berlin'",
    });
  }
  const stop = spec.stopStrategy?.expression;
  if (stop !== undefined) lintCronExpr(sink, stop, ["spec", "stopStrategy", "expression"]);
  if (spec.when !== undefined && spec.when.trim() !== "") lintCronWhen(sink, spec.when, ["spec", "when"]);
  const seconds = spec.startingDeadlineSeconds;
  if (seconds !== undefined && seconds !== null && seconds < 0) {
    const message = "startingDeadlineSeconds must be positive";
    sink.error("SPEC_VALUE", ["spec", "startingDeadlineSeconds"], { message, hint: "give it seconds" });
  }
  lintMissedPolicy(manifest, sink);
}

function lintName({ metadata }: CronWorkflow, sink: IssueSink): void {
  const { name } = metadata;
  if (name === undefined || name === "") {
    sink.error("SPEC_FIELD_MISSING", ["metadata", "name"], {
      message: "metadata.name is required",
      hint: "name the object: its runs are named after it",
    });
  } else if (name.length > maxCronName) {
    sink.error("SPEC_NAME", ["metadata", "name"], {
      message: `cron workflow name "${name}" must not be more than ${maxCronName} characters long (currently ${name.length})`,
      hint: "shorten it",
    });
  }
}

function lintSchedules(spec: CronWorkflow["spec"], sink: IssueSink): void {
  if (spec.schedule !== undefined) {
    sink.warn("SPEC_DEPRECATED", ["spec", "schedule"], {
      message: "'schedule' is an old spelling",
      hint: "write 'schedules' with a list; `sluice convert FILE` does",
      key: true,
    });
  }
  const { schedule, schedules = [] } = spec;
  if ((schedule ?? "") === "" && schedules.length === 0) {
    sink.error("SPEC_FIELD_MISSING", ["spec", "schedules"], {
      message: "cron workflow must have at least one schedule",
      hint: 'for example schedules: ["0 8 * * *"]',
    });
  }
  if ((schedule ?? "") !== "" && schedules.length > 0) {
    sink.error("SPEC_CONFLICT", ["spec", "schedule"], {
      message: "cron workflow cant be configured with both Spec.Schedule and Spec.Schedules",
      hint: "move 'schedule' into the list of 'schedules'",
      key: true,
    });
  }
  if (schedules.length > maxSchedules) {
    sink.error("SPEC_VALUE", ["spec", "schedules"], {
      message: `cron workflow has ${schedules.length} schedules; ${maxSchedules} are the most`,
      hint: "merge them with lists, ranges and steps",
    });
  }
  if (schedule !== undefined && schedule !== "") lintSchedule(sink, schedule, ["spec", "schedule"]);
  for (const [i, text] of schedules.slice(0, maxSchedules).entries())
    lintSchedule(sink, text, ["spec", "schedules", i]);
}

function lintSchedule(sink: IssueSink, text: string, path: Path): void {
  const reason = malformed(text);
  if (reason !== undefined) {
    sink.error("SPEC_VALUE", path, {
      message: `cron schedule ${text.slice(0, 200)} is malformed: ${reason}`,
      hint: "five fields: minute, hour, day of month, month, day of week; or @every 90m, @hourly, @daily, @weekly, @monthly, @yearly",
    });
  } else if (compileCron(text).next(0, 0) === undefined) {
    sink.warn("SPEC_NEVER", path, {
      message: `cron schedule ${text} never comes`,
      hint: "the day does not exist in the months given",
    });
  }
}

function malformed(text: string): string | undefined {
  try {
    parseCron(text);
    return undefined;
  } catch (error) {
    const { details } = error as { readonly details?: { readonly reason?: unknown } };
    if (typeof details?.reason !== "string") throw error;
    return details.reason;
  }
}

/** What expressions of a cron workflow see under `cronworkflow`. */
const variables: ReadonlySet<string> = new Set([
  "name",
  "namespace",
  "labels",
  "annotations",
  "lastScheduledTime",
  "failed",
  "succeeded",
]);

function lintCronExpr(sink: IssueSink, text: string, path: Path): void {
  for (const { path: reference } of lintExpr(sink, text, path)) {
    const [root, field] = reference.split(".");
    if (root === "cronworkflow" && (field === undefined || variables.has(field))) continue;
    sink.error("SPEC_UNRESOLVED", path, {
      message: `'${reference}' is not known here`,
      hint: `there are ${[...variables].map((name) => `cronworkflow.${name}`).join(", ")}`,
    });
  }
}

/** An expression, or a text whose `{{= }}` tags are expressions. */
function lintCronWhen(sink: IssueSink, text: string, path: Path): void {
  if (!text.includes("{{")) {
    lintCronExpr(sink, text, path);
    return;
  }
  const tags = listTagsOf(sink, text, path);
  for (const tag of tags) {
    if (tag.kind === "expression") lintCronExpr(sink, tag.text, path);
    else if (!variables.has(tag.text.split(".")[1] ?? "") || !tag.text.startsWith("cronworkflow."))
      sink.error("SPEC_UNRESOLVED", path, {
        message: `failed to resolve {{${tag.text}}}`,
        hint: `there are ${[...variables].map((name) => `cronworkflow.${name}`).join(", ")}`,
      });
  }
}

const missedPolicies = ["none", "latest", "all"];

function lintMissedPolicy({ metadata }: CronWorkflow, sink: IssueSink): void {
  const { "sluice.dev/missed-runs": policy, "sluice.dev/missed-runs-limit": limit } =
    metadata.annotations ?? {};
  if (policy !== undefined && !missedPolicies.includes(policy)) {
    sink.error("SPEC_VALUE", ["metadata", "annotations", "sluice.dev/missed-runs"], {
      message: `'${policy}' is not a policy for missed runs`,
      hint: `write one of ${missedPolicies.join(", ")}`,
    });
  }
  if (limit !== undefined && !/^([1-9]\d{0,2}|1000)$/.test(limit)) {
    sink.error("SPEC_VALUE", ["metadata", "annotations", "sluice.dev/missed-runs-limit"], {
      message: `'${limit}' is not a limit of missed runs`,
      hint: "write a number from 1 to 1000, in quotes",
    });
  }
}
