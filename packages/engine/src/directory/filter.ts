import type { CauseRef } from "@sluice/spec";
import { originLabels } from "../estimation/estimate.ts";
import type { RunKeyed } from "../run/state/run.ts";
import { parseLabelSelector } from "./label-selector.ts";
import type { RunQuery } from "./port.ts";

/** What a list knows of a run without its object. */
export interface FilteredRow {
  readonly key: RunKeyed;
  readonly phase: string;
  readonly submittedAt: number;
  /** Absent: it runs. */
  readonly finishedAt?: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly causes: readonly CauseRef[];
}

/** Whether a run belongs to what is asked for. Errors: ENGINE_SELECTOR_INVALID. */
export function filterOf(query: RunQuery): (row: FilteredRow) => boolean {
  const fits = parseLabelSelector(query.labelSelector);
  const phases = query.phases === undefined || query.phases.length === 0 ? undefined : new Set(query.phases);
  const tests: ((row: FilteredRow) => boolean)[] = [({ labels }) => fits(labels)];
  if (phases !== undefined) tests.push(({ phase }) => phases.has(phase));
  const { name, template, cause, createdAfter, createdBefore, finishedBefore, finishedAfter } = query;
  if (name !== undefined) tests.push(({ key }) => nameTests[name.how](key.name, name.text));
  if (template !== undefined) tests.push(({ labels }) => originLabels.some((l) => labels[l] === template));
  if (cause !== undefined) tests.push(({ causes }) => causes.some((c) => isCause(c, cause)));
  if (createdAfter !== undefined) tests.push(({ submittedAt }) => submittedAt >= createdAfter);
  if (createdBefore !== undefined) tests.push(({ submittedAt }) => submittedAt < createdBefore);
  if (finishedAfter !== undefined)
    tests.push((row) => row.finishedAt !== undefined && row.finishedAt >= finishedAfter);
  if (finishedBefore !== undefined)
    tests.push((row) => row.finishedAt !== undefined && row.finishedAt < finishedBefore);
  return (row) => tests.every((test) => test(row));
}

const nameTests = {
  Exact: (name: string, text: string) => name === text,
  Prefix: (name: string, text: string) => name.startsWith(text),
  Contains: (name: string, text: string) => name.includes(text),
} as const;

/** By the event's id, its source, or `source/event`. */
const isCause = ({ id, source, event }: CauseRef, text: string): boolean =>
  id === text || source === text || `${source}/${event}` === text;
