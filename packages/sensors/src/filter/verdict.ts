import type { Json } from "@sluice/base";
import { messageOf } from "@sluice/base";
import type { FilterCheck, StoredEvent } from "@sluice/spec";

/** One test, made ready when the sensor was compiled. Never throws for what an event may contain. */
export type CompiledTest = (event: StoredEvent) => FilterCheck;

export interface Verdict {
  readonly passed: boolean;
  /** Every test, made or failed, in the order of the manifest's groups. */
  readonly checks: readonly FilterCheck[];
  /** Something of ours broke while testing; the event did not pass. */
  readonly error?: string;
}

/** Tests of one group (`data`, `exprs` …) with the group's own operator. */
export interface TestGroup {
  readonly operator: "and" | "or";
  readonly tests: readonly CompiledTest[];
}

const maxShown = 1_024;

/** A value as a check shows it: cut to about 1 kB. */
export function shown(value: Json): Json {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text.length <= maxShown) return value;
  return `${text.slice(0, maxShown)}… (${text.length} characters)`;
}

const combine = (operator: "and" | "or", parts: readonly boolean[]): boolean =>
  operator === "and" ? parts.every(Boolean) : parts.some(Boolean);

/**
 * Runs every test, so that the record shows each, and combines them. A test that could not be made counts as false.
 * No group at all passes, with either operator.
 */
export function judge(groups: readonly TestGroup[], operator: "and" | "or", event: StoredEvent): Verdict {
  try {
    const results = groups.map((group) => ({ group, checks: group.tests.map((run) => run(event)) }));
    const checks = results.flatMap((r) => r.checks);
    const parts = results.map((r) =>
      combine(
        r.group.operator,
        r.checks.map((c) => c.passed),
      ),
    );
    return { passed: parts.length === 0 || combine(operator, parts), checks };
  } catch (error) {
    return { passed: false, checks: [], error: messageOf(error) };
  }
}
