// `sluice simulate`: what a workflow would do, without doing it.
import { formatDuration } from "@sluice/base";
import type { Simulated } from "@sluice/engine";
import { loadWorkflowTests, type Mock } from "@sluice/spec";
import type { WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { renderWorkflow } from "../../render/workflow.ts";
import { readBounded } from "../manifests/manifest-files.ts";
import { pairsOf } from "../output.ts";
import { loadWorkflow } from "./load.ts";
import { runSimulation } from "./run.ts";

export interface SimulateOptions {
  readonly parameter: readonly string[];
  readonly name?: string;
  readonly result: readonly string[];
  readonly fail: readonly string[];
  readonly mocks?: string;
  readonly steps?: boolean;
}

/** Errors: CLI_INVALID_MANIFESTS, CLI_USAGE, CLI_WORKFLOW_FAILED when it would not succeed. */
export async function simulateCommand(
  context: CliContext,
  files: readonly string[],
  options: SimulateOptions,
): Promise<void> {
  const loaded = await loadWorkflow(context, files, options.name);
  const suspended = loaded.workflow.spec.suspend === true;
  const own = mocksOf(options);
  const { simulated, mocks } = await runSimulation({
    loaded,
    arguments: pairsOf("--parameter", options.parameter),
    mocks: [...own.flatMap(({ mocks }) => mocks), ...(await mocksIn(options.mocks))],
    commands: suspended ? [{ at: "0", do: "resume" }] : [],
    at: context.clock.now(),
  });
  if (context.json) context.out(JSON.stringify(resultOf(simulated), null, 2));
  else show(context, simulated, { steps: options.steps === true, unmatched: mocks.unmatched });
  for (const { option, name, mocks: given } of own)
    if (mocks.idle(given).length === given.length)
      context.note(context.palette.warn(`${option}: no step or template '${name}' ran`));
  const { phase, message } = simulated.workflow.status;
  if (phase === "Failed" || phase === "Error")
    throw CliError.SIMULATION_FAILED({ phase, reason: message ?? "" });
}

/** `--result template=text` and `--fail template`, as mocks of a node or a template of that name. */
function mocksOf({ result, fail }: SimulateOptions): readonly OptionMocks[] {
  const named = (option: string, name: string, mock: Mock): OptionMocks => ({
    option,
    name,
    mocks: [
      { ...mock, node: name },
      { ...mock, template: name },
    ],
  });
  return [
    ...fail.map((name) => named("--fail", name, { exitCode: 1 })),
    ...Object.entries(pairsOf("--result", result)).map(([name, text]) =>
      named("--result", name, { result: text, outputs: {} }),
    ),
  ];
}

interface OptionMocks {
  readonly option: string;
  readonly name: string;
  readonly mocks: readonly Mock[];
}

/** The mocks of a test file. */
async function mocksIn(file: string | undefined): Promise<readonly Mock[]> {
  if (file === undefined) return [];
  const { tests, issues } = loadWorkflowTests(await readBounded(file), { file });
  const first = issues.find(({ severity }) => severity === "error");
  if (first !== undefined)
    throw CliError.USAGE({ problem: `${file}:${first.line ?? 0}:${first.col ?? 0}: ${first.message}` });
  return tests.flatMap(({ mocks = [] }) => mocks);
}

interface Shown {
  readonly steps: boolean;
  readonly unmatched: ReadonlySet<string>;
}

function show(context: CliContext, simulated: Simulated, { steps, unmatched }: Shown): void {
  const { palette } = context;
  const { run } = simulated;
  const workflow = simulated.workflow as unknown as WorkflowObject;
  context.out(renderWorkflow(workflow, { palette, now: run.now, columns: context.width }));
  if (steps) for (const line of stepLines(simulated)) context.out(line);
  const assumed = [...unmatched].slice(0, 8).join(", ");
  context.note(
    palette.dim(
      `\nsimulated: nothing ran.${assumed === "" ? "" : ` Assumed to succeed in 1s with empty output: ${assumed}${unmatched.size > 8 ? ", …" : ""} (--result NAME=TEXT, --fail NAME, --mocks FILE)`}`,
    ),
  );
  for (const node of simulated.waiting)
    context.note(palette.warn(`'${node.displayName}' waits for a person: give it outputs in a mock`));
}

function* stepLines({ steps, run }: Simulated): Generator<string> {
  yield "\nSteps in the order of their start:";
  for (const { request, startedAt } of steps) {
    const { work, node } = request;
    yield `  +${formatDuration(startedAt - run.startedAt)}  ${node.name}  ${commandOf(work)}`;
  }
}

function commandOf(work: Simulated["steps"][number]["request"]["work"]): string {
  if (work.kind === "container")
    return [work.container.image ?? "", ...(work.container.command ?? []), ...(work.container.args ?? [])]
      .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))
      .join(" ");
  if (work.kind === "script") return `${work.script.image ?? ""} ${JSON.stringify(work.script.source)}`;
  return JSON.stringify(work);
}

const resultOf = ({ workflow, steps, waiting }: Simulated): object => ({
  workflow,
  steps: steps.map(({ request, startedAt, end }) => ({
    node: request.node,
    startedAt: new Date(startedAt).toISOString(),
    work: request.work,
    end,
  })),
  waiting: waiting.map(({ displayName, name, id }) => ({ displayName, name, id })),
});
