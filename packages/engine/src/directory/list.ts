import { readRun } from "../commands.ts";
import { objectOf } from "../project/archive.ts";
import { labelsOf, projectWorkflow, type WorkflowObject } from "../project/workflow.ts";
import type { RunDirectoryDeps } from "./directory.ts";
import { parseLabelSelector } from "./label-selector.ts";
import type { RunList, RunQuery } from "./port.ts";

interface Entry {
  readonly id: string;
  readonly submittedAt: number;
  readonly object: () => Promise<WorkflowObject>;
}

const defaultLimit = 500;

/** Newest first; only what is on the page is unpacked. */
export async function listRuns(
  deps: RunDirectoryDeps,
  namespace: string | undefined,
  query: RunQuery,
): Promise<RunList> {
  const entries = await entriesOf(deps, namespace, query);
  entries.sort((a, b) => b.submittedAt - a.submittedAt || (a.id < b.id ? -1 : 1));
  const from =
    query.continue === undefined ? 0 : entries.findIndex((e) => orderKey(e) === query.continue) + 1;
  const page = entries.slice(from, from + (query.limit ?? defaultLimit));
  const last = page.at(-1);
  const more = last !== undefined && from + page.length < entries.length;
  return {
    items: await Promise.all(page.map((entry) => entry.object())),
    ...(more ? { continue: orderKey(last) } : {}),
  };
}

const orderKey = (entry: Entry): string => `${entry.submittedAt}:${entry.id}`;

async function entriesOf(
  deps: RunDirectoryDeps,
  namespace: string | undefined,
  query: RunQuery,
): Promise<Entry[]> {
  const fits = parseLabelSelector(query.labelSelector);
  const phases = query.phases === undefined || query.phases.length === 0 ? undefined : new Set(query.phases);
  const wanted = (phase: string, labels: Readonly<Record<string, string>>) =>
    (phases === undefined || phases.has(phase)) && fits(labels);
  const seen = new Set<string>();
  const entries: Entry[] = [];
  const add = (id: string, submittedAt: number, object: Entry["object"]) =>
    entries.push({ id, submittedAt, object });
  for (const live of deps.registry.list(namespace)) {
    const { run } = live;
    seen.add(`${run.key.namespace}/${run.key.name}`);
    if (!run.deleted && wanted(run.phase, labelsOf(run)))
      add(run.uid, run.submitted.at, async () =>
        projectWorkflow(run, live.seq, (stepId) => live.step(stepId)),
      );
  }
  for (const key of await deps.journal.keys(namespace)) {
    const id = `${key.namespace}/${key.name}`;
    if (seen.has(id)) continue;
    const read = await readRun(deps.journal, key);
    if (read === undefined) continue;
    seen.add(id);
    const { run, seq } = read;
    if (!run.deleted && wanted(run.phase, labelsOf(run)))
      add(run.uid, run.submitted.at, async () => projectWorkflow(run, seq));
  }
  for await (const row of deps.archive.list(namespace))
    if (!seen.has(`${row.key.namespace}/${row.key.name}`) && wanted(row.phase, row.labels))
      add(row.uid, row.submittedAt, () => objectOf(row));
  return entries;
}
