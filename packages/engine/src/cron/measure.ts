// What the scheduler says of itself, under Argo's names.
import type { MetricEmission } from "../metrics/emission.ts";
import { counted } from "../metrics/emit.ts";
import type { CronDefinition } from "./definition.ts";
import type { CronState } from "./state.ts";
import type { CronKey } from "./store.ts";

/** A run was submitted; with Replace, perhaps in the place of others. */
export function triggered({ namespace, name }: CronKey, replaced: number): readonly MetricEmission[] {
  const labels = { name, namespace };
  const total = counted("cronworkflows_triggered_total", "Runs that cron workflows started", labels);
  return replaced === 0 ? [total] : [total, policy(labels, "Replace", replaced)];
}

/** What one look decided: instants that Forbid passed over, and mistakes that are new. */
export function decided(
  { namespace, name }: CronKey,
  definition: CronDefinition,
  { before, now }: { readonly before: CronState | undefined; readonly now: CronState },
): readonly MetricEmission[] {
  const passed = now.skipped - (before?.skipped ?? 0);
  const labels = { name, namespace };
  // Forbid says no before `when` is asked, and only while a run is under way.
  const isForbidden = definition.concurrency === "Forbid" && now.active.length > 0 && passed > 0;
  const { problem } = now;
  const isNew =
    problem !== undefined && (problem.at !== before?.problem?.at || problem.type !== before.problem.type);
  return [
    ...(isForbidden ? [policy(labels, "Forbid", passed)] : []),
    ...(isNew ? [counted("error_count", "Errors, by cause", { cause: `CronWorkflow${problem.type}` })] : []),
  ];
}

const policy = (labels: Readonly<Record<string, string>>, name: string, value: number): MetricEmission =>
  counted(
    "cronworkflows_concurrencypolicy_triggered",
    "Times that a cron workflow's concurrencyPolicy kept a run from starting, or ended one",
    { ...labels, concurrency_policy: name },
    value,
  );
