// One event and all that became of it, as lines.
import { formatDuration } from "@sluice/base";
import type { FilterCheck, TrailRecord } from "@sluice/spec";
import type { Palette } from "./colour.ts";
import { oneLine } from "./text.ts";

export interface ShownEvent {
  readonly seq: number;
  readonly origin: { readonly namespace: string; readonly source: string; readonly event: string };
  readonly receivedAt: string;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly source: string;
    readonly time?: string;
    readonly data?: unknown;
  };
}

export type EventWithTrail = ShownEvent & { readonly trail: readonly TrailRecord[] };

/** Longest data that is printed, characters. */
const maxData = 4_000;

export function renderEvent(shown: EventWithTrail, palette: Palette): string {
  const { event, origin } = shown;
  const data = JSON.stringify(event.data, null, 2) ?? "";
  const head = [
    ["Event", event.id],
    ["From", `${origin.source} / ${origin.event}   (namespace ${origin.namespace})`],
    ["Type", event.type],
    ["Received", `${shown.receivedAt}   (EVENTS, sequence ${shown.seq})`],
  ].map(([name, value]) => `${`${name}:`.padEnd(12)}${oneLine(value ?? "", 200)}`);
  return [
    ...head,
    "Data:",
    ...data
      .slice(0, maxData)
      .split("\n")
      .map((line) => `  ${palette.dim(oneLine(line, 300))}`),
    ...(data.length > maxData ? [`  … ${data.length - maxData} characters more; --json prints all`] : []),
    "What became of it:",
    ...renderTrail(shown.trail, Date.parse(shown.receivedAt), palette),
  ].join("\n");
}

export function renderTrail(trail: readonly TrailRecord[], receivedAt: number, palette: Palette): string[] {
  if (trail.length === 0) return [`  ${palette.warn("nothing yet: no sensor depends on it")}`];
  return trail.flatMap((record) => {
    const after = palette.dim(`+${formatDuration(Math.max(0, record.at - receivedAt))}`);
    return renderRecord(record, palette).map((line, at) => (at === 0 ? `  ${line}  ${after}` : `  ${line}`));
  });
}

function renderRecord(record: TrailRecord, palette: Palette): string[] {
  switch (record.type) {
    case "source-filtered":
      return [palette.warn("○ filtered out by its source"), ...checksOf(record.checks, palette)];
    case "verdict":
      return [
        `${record.passed ? palette.good("✔") : palette.warn("○")} ${judgeOf(record)}: ${record.passed ? "passed" : "rejected"}`,
        ...checksOf(record.checks, palette),
        ...(record.error === undefined ? [] : [`    ${palette.bad(oneLine(record.error, 200))}`]),
      ];
    case "condition":
      return [
        record.fired
          ? `${palette.good("✔")} sensor ${record.sensor} fired trigger ${record.trigger}  (${record.expression})`
          : `${palette.busy("◷")} sensor ${record.sensor}, trigger ${record.trigger} waits: ${record.expression}, filled: ${record.filled.join(", ") || "none"}`,
        ...(record.replaced ?? []).map(
          (cause) => `    ${palette.warn(`takes the place of event ${oneLine(cause.id, 80)}`)}`,
        ),
      ];
    case "trigger":
      return triggerLines(record, palette);
  }
}

/** A verdict is a sensor's on one of its dependencies, or that of a WorkflowEventBinding, which has a selector alone. */
const judgeOf = ({ sensor, dependency, checks }: Extract<TrailRecord, { type: "verdict" }>): string =>
  checks.some(({ operator }) => operator === bySelector)
    ? `binding ${sensor}`
    : `sensor ${sensor}, dependency ${dependency}`;

const bySelector = "selector";

function triggerLines(record: Extract<TrailRecord, { type: "trigger" }>, palette: Palette): string[] {
  const symbol = {
    done: palette.good("✔"),
    duplicate: palette.good("✔"),
    retrying: palette.warn("↻"),
    dead: palette.bad("✖"),
    redriven: palette.busy("↻"),
  }[record.outcome];
  const result = record.result === undefined ? "" : ` → ${oneLine(record.result, 120)}`;
  const attempt = record.attempt > 1 ? `, attempt ${record.attempt}` : "";
  const problem =
    record.message === undefined
      ? []
      : [
          `    ${palette.bad(oneLine(record.message, 200))}${record.code === undefined ? "" : `  (${record.code})`}`,
        ];
  const who =
    record.trigger === "WorkflowEventBinding" ? `binding ${record.sensor}` : `trigger ${record.trigger}`;
  return [`${symbol} ${who} ${record.outcome}${attempt}${result}`, ...problem];
}

function checksOf(checks: readonly FilterCheck[], palette: Palette): string[] {
  return checks.map((check) => {
    const left = check.left === undefined ? "(absent)" : oneLine(JSON.stringify(check.left), 80);
    const right = check.right === undefined ? "" : ` ${oneLine(JSON.stringify(check.right), 80)}`;
    const subject = oneLine(check.subject, 80);
    const text =
      check.operator === bySelector
        ? `selector ${subject}`
        : `${check.filter} ${subject}: ${left} ${check.operator}${right}`;
    const problem = check.error === undefined ? "" : `  ${palette.bad(oneLine(check.error, 120))}`;
    return `    ${check.passed ? palette.good("✔") : palette.bad("✖")} ${text}${problem}`;
  });
}
