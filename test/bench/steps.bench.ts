// What a step costs beyond the bare start of a process: 40 steps in a row, and 400 with 10 at once.
// The shape of the public comparison of workflow engines (40 light tasks in sequence; 400 light tasks, 10 slots).
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SluiceProcess } from "../e2e/sluice-process.ts";
import { distribution, goal, machine, report } from "./report.ts";

interface Node {
  readonly type: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}
interface Workflow {
  readonly status: {
    readonly phase: string;
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly nodes: Record<string, Node>;
  };
}

const sequential = (count: number): string => `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { generateName: sequential- }
spec:
  entrypoint: main
  templates:
    - name: main
      steps:
${Array.from({ length: count }, (_, i) => `        - [{ name: s${i}, template: light }]`).join("\n")}
    - name: light
      container: { image: "alpine:3.6", command: ["true"] }
`;

const fanOut = (count: number, slots: number): string => `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { generateName: fan-out- }
spec:
  entrypoint: main
  parallelism: ${slots}
  templates:
    - name: main
      steps:
        - - name: light
            template: light
            withSequence: { count: "${count}" }
    - name: light
      container: { image: "alpine:3.6", command: ["true"] }
`;

async function bareSpawn(): Promise<number> {
  const startedAt = performance.now();
  await new Promise<void>((resolve) => spawn("/bin/true", { stdio: "ignore" }).once("exit", () => resolve()));
  return performance.now() - startedAt;
}

async function run(sluice: SluiceProcess, name: string, text: string): Promise<Workflow> {
  const file = join(sluice.folder, `${name}.yaml`);
  await writeFile(file, text);
  const result = await sluice.run("submit", file, "--wait", "--json");
  const last = result.stdout.trim().split("\n").at(-1) ?? "";
  const workflow = JSON.parse(last) as Workflow;
  if (workflow.status.phase !== "Succeeded") throw new Error(`${name} ended as ${workflow.status.phase}`);
  return workflow;
}

const span = (w: Workflow): number => Date.parse(w.status.finishedAt) - Date.parse(w.status.startedAt);

console.log(machine());
for (const isolation of ["namespaces", "process"]) {
  await using sluice = await SluiceProcess.start({ args: ["--executor", "local", "--isolation", isolation] });
  await run(sluice, "warm-up", sequential(5));
  const floor: number[] = [];
  for (let i = 0; i < 40; i++) floor.push(await bareSpawn());
  const perStep: number[] = [];
  const totals: number[] = [];
  for (let i = 0; i < 5; i++) {
    const workflow = await run(sluice, "sequential", sequential(40));
    totals.push(span(workflow));
    perStep.push(span(workflow) / 40);
  }
  const wide: number[] = [];
  for (let i = 0; i < 3; i++) wide.push(span(await run(sluice, "fan-out", fanOut(400, 10))));
  const rows = [
    distribution("bare spawn of /bin/true", floor),
    distribution("per step, 40 in sequence", perStep),
    distribution("40 in sequence, whole workflow", totals),
    distribution("400 with 10 slots, whole workflow", wide),
  ];
  report(`steps, isolation ${isolation}`, rows);
  const overhead = (rows[1]?.p50 ?? 0) - (rows[0]?.p50 ?? 0);
  goal(
    `overhead per sequential step ${overhead.toFixed(1)} ms over the bare spawn (goal ≤ 5 ms)`,
    overhead <= 5,
  );
  goal(
    `40 sequential steps in ${rows[2]?.p50.toFixed(0)} ms (goal ≤ 600 ms with processes)`,
    (rows[2]?.p50 ?? 0) <= 600,
  );
  goal(
    `400 steps with 10 slots in ${rows[3]?.p50.toFixed(0)} ms (goal ≤ 4,000 ms)`,
    (rows[3]?.p50 ?? 0) <= 4_000,
  );
}
