// Runs for the scheduled times of a span in the past. Each time's run is the one that the schedule would have started,
// so a backfill that was broken off is gone on with by calling it again.
import { sleepFor } from "@sluice/base";
import { GoTime } from "@sluice/expr";
import type { WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { renderTable } from "../../render/table.ts";
import { oneLine } from "../../render/text.ts";
import { paint } from "../../render/workflow.ts";
import { integerOf } from "../output.ts";
import { followWorkflow } from "../workflow/live-tree.ts";

export interface BackfillOptions {
  readonly start: string;
  readonly end?: string;
  readonly name?: string;
  readonly parallel: string;
  readonly argname: string;
  readonly format: string;
  readonly maxworkflowcount: string;
  readonly again?: boolean;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
}

interface Outcome {
  readonly instant: string;
  readonly name: string;
  readonly outcome: "created" | "exists";
  readonly phase?: string;
}

const defaultParallel = 10;

/** Errors: CLI_USAGE, CLI_BACKFILL_FAILED after all have ended, those of the API. */
export async function backfill(
  context: CliContext,
  [cron = ""]: readonly string[],
  options: BackfillOptions,
): Promise<void> {
  const limit = integerOf("--maxworkflowcount", options.maxworkflowcount, { min: 1, max: 10_000 });
  const parallel = parallelOf(options.parallel);
  const base = ["/api/v1/sluice/cron-workflows", context.namespace, cron].map((part, i) =>
    i === 0 ? part : encodeURIComponent(part),
  );
  const path = base.join("/");
  const { instants } = await context.client.request<{ readonly instants: readonly string[] }>(
    "GET",
    `${path}/instants`,
    {
      query: {
        start: timeOf("--start", options.start),
        end: options.end === undefined ? iso(context.clock.now()) : timeOf("--end", options.end),
        limit: Math.min(limit + 1, 10_000),
      },
    },
  );
  const past = instants.filter((instant) => Date.parse(instant) <= context.clock.now());
  if (past.length > limit)
    throw CliError.USAGE({
      problem: `there are more than ${limit} scheduled times; take a shorter span, or raise --maxworkflowcount`,
    });
  if (options.dryRun === true) return printInstants(context, past);
  if (options.detach === true) return begin(context, { cron, path, limit, parallel, options });
  if (!context.json && past.length > 0) context.out(headOf(cron, past, options));
  const outcomes = await runAll(context, { cron, path, instants: past, parallel, options });
  report(context, outcomes);
}

/** What is to be done, as the incumbent says it. */
const headOf = (cron: string, instants: readonly string[], { start, end }: BackfillOptions): string =>
  [
    `Backfill task for Cronworkflow ${cron}`,
    "Backfill Period :",
    `    Start Time : ${start}`,
    `    End Time : ${end ?? "now"}`,
    `Total Backfill Schedule: ${instants.length}`,
  ].join("\n");

function printInstants(context: CliContext, instants: readonly string[]): void {
  if (context.json) context.out(JSON.stringify(instants));
  else for (const instant of instants) context.out(instant);
}

interface Detached {
  readonly cron: string;
  readonly path: string;
  readonly limit: number;
  readonly parallel: number;
  readonly options: BackfillOptions;
}

/** Handed to the server, which goes on with it whoever comes and goes. */
async function begin(context: CliContext, { cron, path, limit, parallel, options }: Detached): Promise<void> {
  const { start, end, name, argname, format, again } = options;
  const begun = await context.client.request<Backfill>("POST", `${path}/backfills`, {
    body: {
      start: timeOf("--start", start),
      ...(end === undefined ? {} : { end: timeOf("--end", end) }),
      ...{ limit, parallel },
      ...(name === undefined ? {} : { name }),
      ...(argname === "" ? {} : { argument: { name: argname, format } }),
      ...(again === undefined ? {} : { again }),
    },
  });
  if (context.json) context.out(JSON.stringify(begun));
  else {
    context.out(`backfill ${begun.name} of cron workflow ${cron} begun`);
    context.note(`see how far it is: sluice cron backfills ${cron}`);
  }
}

interface Backfill {
  readonly name: string;
  readonly phase: string;
  readonly start: string;
  readonly end: string;
  readonly created: number;
  readonly existed: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly active: readonly unknown[];
  readonly message?: string;
}

/** What the server has of them; with --stop NAME it starts nothing more of one. */
export async function backfills(
  context: CliContext,
  [cron = ""]: readonly string[],
  { stop }: { readonly stop?: string },
): Promise<void> {
  const path = `/api/v1/sluice/cron-workflows/${[context.namespace, cron].map(encodeURIComponent).join("/")}/backfills`;
  if (stop !== undefined) {
    const stopped = await context.client.request<Backfill>("PUT", `${path}/${encodeURIComponent(stop)}/stop`);
    return context.out(
      context.json ? JSON.stringify(stopped) : `backfill ${stopped.name} ${stopped.phase.toLowerCase()}`,
    );
  }
  const { items } = await context.client.request<{ readonly items: readonly Backfill[] }>("GET", path);
  if (context.json) return context.out(JSON.stringify(items, null, 2));
  if (items.length === 0) return context.note(`cron workflow ${cron} has no backfills`);
  const rows = items.map((one) => [
    one.name,
    paint(one.phase, context.palette)(one.phase),
    ...[one.created, one.existed, one.active.length, one.succeeded, one.failed].map(String),
    `${one.start.slice(0, 16)}Z`,
    `${one.end.slice(0, 16)}Z`,
    oneLine(one.message ?? "", 80),
  ]);
  const counts = ["RUNS", "BEFORE", "ACTIVE", "SUCCEEDED", "FAILED"];
  const header = ["NAME", "STATUS", ...counts, "START", "END", "MESSAGE"];
  context.out(renderTable(header, rows, context.width));
}

interface Work {
  readonly cron: string;
  readonly path: string;
  readonly instants: readonly string[];
  readonly parallel: number;
  readonly options: BackfillOptions;
}

/** Oldest first, so many at once. */
async function runAll(context: CliContext, work: Work): Promise<readonly Outcome[]> {
  const { instants, parallel } = work;
  const outcomes: Outcome[] = [];
  let taken = 0;
  const worker = async () => {
    while (taken < instants.length && !context.signal.aborted) {
      const instant = instants[taken++] as string;
      const outcome = await runOne(context, work, instant);
      outcomes.push(outcome);
      if (!context.json)
        context.out(
          `${outcomes.length}/${instants.length} ${outcome.instant} ${outcome.name} ${outcome.phase ?? ""}${outcome.outcome === "exists" ? " (ran before)" : ""}`,
        );
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, instants.length) }, worker));
  return outcomes.sort((a, b) => (a.instant < b.instant ? -1 : 1));
}

async function runOne(context: CliContext, { cron, path, options }: Work, instant: string): Promise<Outcome> {
  const name = options.name ?? cron;
  const argument =
    options.argname === ""
      ? {}
      : {
          argument: {
            name: options.argname,
            value: new GoTime(Date.parse(instant)).format(options.format),
          },
        };
  const again = options.again === true ? { again: name } : {};
  const { outcome, workflow, ...started } = await startAt(context, path, {
    instant,
    backfill: name,
    ...argument,
    ...again,
  });
  const done = workflow === null || (workflow.status?.finishedAt ?? null) !== null;
  const last = done ? workflow : await followWorkflow(context, started.name, () => {});
  const phase = last?.status?.phase;
  return { instant, name: started.name, outcome, ...(phase === undefined ? {} : { phase }) };
}

interface Started {
  readonly outcome: "created" | "exists";
  readonly name: string;
  readonly workflow: WorkflowObject | null;
}

/** A server that is away for a moment is asked again: the run is the same one. */
async function startAt(context: CliContext, path: string, body: object): Promise<Started> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await context.client.request<Started>("POST", `${path}/runs`, { body });
    } catch (error) {
      const retry = (error as { readonly retry?: unknown }).retry;
      if (retry !== "later" || attempt >= 5 || context.signal.aborted) throw error;
      await sleepFor(context.clock, 500 * attempt, context.signal);
    }
  }
}

/** Errors: CLI_BACKFILL_FAILED. */
function report(context: CliContext, outcomes: readonly Outcome[]): void {
  const failed = outcomes.filter(({ phase }) => phase === "Failed" || phase === "Error").length;
  if (context.json) context.out(JSON.stringify(outcomes, null, 2));
  else if (outcomes.length === 0) context.out("There is no suitable scheduling time.");
  else {
    const made = outcomes.filter(({ outcome }) => outcome === "created").length;
    context.note(`${made} run, ${outcomes.length - made} ran before, ${failed} failed`);
  }
  if (failed > 0) throw CliError.BACKFILL_FAILED({ count: failed, of: outcomes.length });
}

/** Argo's true and false, or how many at once. */
function parallelOf(text: string): number {
  if (text === "true") return defaultParallel;
  if (text === "false") return 1;
  return integerOf("--parallel", text, { min: 1, max: 1_000 });
}

/** A date or a time, as RFC 3339. Errors: CLI_USAGE. */
function timeOf(option: string, text: string): string {
  const time = GoTime.parse(text) ?? GoTime.parseWith("2006-01-02T15:04", text);
  if (time === undefined)
    throw CliError.USAGE({
      problem: `${option} takes a date or a time such as 2026-01-31T08:00:00Z, not '${text}'`,
    });
  return iso(time.epochMs);
}

const iso = (ms: number): string => new Date(ms).toISOString();
