// An applied CronWorkflow, read for the scheduler.
import type { Resource } from "@sluice/bus";
import { type CronSchedule, compileCron } from "@sluice/expr";
import { CronWorkflow } from "@sluice/spec";

/** What becomes of instants that nobody looked at in time; `default` is Argo's rule (see `missed.ts`). */
export type MissedPolicy = "default" | "none" | "latest" | "all";

export interface CronDefinition {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  /** Epoch ms: when this generation was applied. */
  readonly appliedAt: number;
  readonly revision: number;
  readonly manifest: CronWorkflow;
  readonly schedules: readonly CronSchedule[];
  /** What decides the instants, as text: when it changes, the schedule begins anew. */
  readonly timing: string;
  readonly concurrency: "Allow" | "Forbid" | "Replace";
  /** Undefined when not set. */
  readonly deadlineMs: number | undefined;
  readonly missed: MissedPolicy;
  /** Most instants that `all` catches up with. */
  readonly missedLimit: number;
  readonly keepSucceeded: number;
  readonly keepFailed: number;
  readonly suspended: boolean;
}

export const missedAnnotation = "sluice.dev/missed-runs";
export const missedLimitAnnotation = "sluice.dev/missed-runs-limit";
const defaultMissedLimit = 100;
const maxMissedLimit = 1_000;

/** `zone` holds for definitions that name none. Errors: EXPR_SYNTAX for a schedule that lint would have refused. */
export function readDefinition(resource: Resource, zone: string): CronDefinition {
  const manifest = CronWorkflow.parse(resource.manifest);
  const { spec } = manifest;
  const texts = schedulesOf(manifest);
  const named = spec.timezone;
  const ownZone = named === undefined || named === "" || named === "Local" ? zone : named;
  const annotations = manifest.metadata.annotations ?? {};
  return {
    namespace: resource.namespace,
    name: resource.name,
    generation: resource.generation,
    appliedAt: resource.appliedAt,
    revision: resource.revision,
    manifest,
    schedules: texts.map((text) => compileCron(text, ownZone)),
    timing: JSON.stringify([texts, named ?? ""]),
    concurrency: concurrencyOf(spec.concurrencyPolicy),
    deadlineMs:
      typeof spec.startingDeadlineSeconds === "number" ? spec.startingDeadlineSeconds * 1_000 : undefined,
    missed: missedPolicyOf(annotations[missedAnnotation]),
    missedLimit: limitOf(annotations[missedLimitAnnotation]),
    keepSucceeded: spec.successfulJobsHistoryLimit ?? 3,
    keepFailed: spec.failedJobsHistoryLimit ?? 1,
    suspended: spec.suspend === true,
  };
}

const concurrencyOf = (text: CronWorkflow["spec"]["concurrencyPolicy"]): CronDefinition["concurrency"] =>
  text === undefined || text === "" ? "Allow" : text;

export function schedulesOf({ spec }: CronWorkflow): readonly string[] {
  const single = spec.schedule === undefined || spec.schedule === "" ? [] : [spec.schedule];
  return [...single, ...(spec.schedules ?? [])];
}

const missedPolicyOf = (text: string | undefined): MissedPolicy =>
  text === "none" || text === "latest" || text === "all" ? text : "default";

const limitOf = (text: string | undefined): number =>
  text !== undefined && /^[1-9]\d{0,3}$/.test(text)
    ? Math.min(Number(text), maxMissedLimit)
    : defaultMissedLimit;

/** The first instant of any of its schedules after `after`. */
export function nextInstant(
  { schedules }: Pick<CronDefinition, "schedules">,
  after: number,
  anchor: number,
): number | undefined {
  let first: number | undefined;
  for (const schedule of schedules) {
    const next = schedule.next(after, anchor);
    if (next !== undefined && (first === undefined || next < first)) first = next;
  }
  return first;
}

/** Instants after `after`, up to `upTo`, in order: the first `max` of them. */
export function instantsBetween(
  definition: Pick<CronDefinition, "schedules">,
  span: { readonly after: number; readonly upTo: number; readonly anchor: number },
  max: number,
): readonly number[] {
  const found: number[] = [];
  let at = span.after;
  while (found.length < max) {
    const next = nextInstant(definition, at, span.anchor);
    if (next === undefined || next > span.upTo) break;
    found.push(next);
    at = next;
  }
  return found;
}
