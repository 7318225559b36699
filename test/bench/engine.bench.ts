// What the pure engine costs: steps that end at once, no bus, no executor. Time, facts a second on one core, memory and
// bytes of journal for graphs, loops and recursions of 100, 1,000 and 10,000, so that growth can be seen.

import { aWorkflow, PureRun, shTemplate } from "@sluice/engine/testing";
import type { Workflow, WorkflowSpec } from "@sluice/spec";
import { goal, machine } from "./report.ts";

interface Shape {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly workflow: (size: number) => Workflow;
}

const step = shTemplate("sh");
const task = (i: number, depends?: string) => ({
  name: `t${i}`,
  template: "sh",
  ...(depends === undefined ? {} : { depends }),
});
type Templates = NonNullable<WorkflowSpec["templates"]>;
const of = (...templates: Templates) => aWorkflow({ templates });

const sizes = [100, 1_000, 10_000];
const shapes: readonly Shape[] = [
  {
    name: "dag, each task after the one before",
    sizes,
    workflow: (n) =>
      of(
        {
          name: "main",
          dag: { tasks: Array.from({ length: n }, (_, i) => task(i, i === 0 ? undefined : `t${i - 1}`)) },
        },
        step,
      ),
  },
  {
    name: "dag, layers of 100, each task after two",
    sizes,
    workflow: (n) =>
      of(
        {
          name: "main",
          dag: {
            tasks: Array.from({ length: n }, (_, i) =>
              task(i, i < 100 ? undefined : `t${i - 100} && t${i - (i % 100) - 100 + ((i + 1) % 100)}`),
            ),
          },
        },
        step,
      ),
  },
  {
    name: "loop (withSequence) in a steps group",
    sizes,
    workflow: (n) =>
      of({ name: "main", steps: [[{ name: "each", template: "sh", withSequence: { count: n } }]] }, step),
  },
  {
    name: "loop with an expression in each item",
    sizes,
    workflow: (n) =>
      of(
        {
          name: "main",
          steps: [
            [{ name: "first", template: "sh" }],
            [
              {
                name: "each",
                template: "say",
                withSequence: { count: n },
                arguments: {
                  parameters: [{ name: "x", value: "{{=asInt(item) + 1}} of {{workflow.name}}" }],
                },
              },
            ],
          ],
        },
        shTemplate("say", { inputs: { parameters: [{ name: "x" }] } }),
        step,
      ),
  },
  {
    name: "recursion, that deep",
    sizes: [100, 1_000],
    workflow: (n) =>
      of(
        {
          name: "main",
          inputs: { parameters: [{ name: "n", value: String(n) }] },
          steps: [
            [{ name: "do", template: "sh" }],
            [
              {
                name: "again",
                template: "main",
                when: "{{inputs.parameters.n}} > 1",
                arguments: { parameters: [{ name: "n", value: "{{=asInt(inputs.parameters.n) - 1}}" }] },
              },
            ],
          ],
        },
        step,
      ),
  },
];

const limits = { maxDepth: 2_000, maxNodes: 1_000_000 };
const megabyte = 1024 * 1024;

function measure(shape: Shape, size: number): { readonly perSecond: number; readonly ms: number } {
  const workflow = shape.workflow(size);
  const before = process.memoryUsage().heapUsed;
  const at = performance.now();
  const run = new PureRun(workflow, () => ({ ms: 1 }), limits);
  const ended = run.toEnd(10_000_000);
  const ms = performance.now() - at;
  const heap = (process.memoryUsage().heapUsed - before) / megabyte;
  if (ended.run.phase !== "Succeeded")
    throw new Error(`${shape.name}: ${ended.run.phase} ${ended.run.message ?? ""}`);
  const bytes = ended.facts.slice(1).reduce((sum, fact) => sum + JSON.stringify(fact).length, 0);
  const steps = ended.started.length;
  const perSecond = (ended.facts.length / ms) * 1_000;
  console.log(
    [
      shape.name.padEnd(44),
      String(size).padStart(7),
      String(steps).padStart(7),
      ms.toFixed(1).padStart(10),
      ((ms * 1_000) / steps).toFixed(1).padStart(9),
      Math.round(perSecond).toLocaleString("en").padStart(9),
      heap.toFixed(1).padStart(9),
      (bytes / steps).toFixed(0).padStart(8),
    ].join(""),
  );
  return { perSecond, ms };
}

console.log(machine());
console.log("the pure engine, steps that end at once (one core)");
console.log(
  `${"".padEnd(44)}${["size", "steps"].map((h) => h.padStart(7)).join("")}${"ms".padStart(10)}${"µs/step".padStart(9)}${"facts/s".padStart(9)}${"heap MB".padStart(9)}${"B/step".padStart(8)}`,
);
for (const shape of shapes) measure(shape, 100); // warm
console.log("");
let slowest = Number.POSITIVE_INFINITY;
for (const shape of shapes)
  for (const size of shape.sizes) {
    const { perSecond } = measure(shape, size);
    // The small ones are over before the compiler has seen them; a recursion's node names grow with its depth.
    if (size >= 1_000 && !shape.name.startsWith("recursion")) slowest = Math.min(slowest, perSecond);
  }
const figure = Math.round(slowest).toLocaleString("en");
goal(`≥ 5,000 facts/s: ${figure} at the slowest graph or loop from 1,000 on`, slowest >= 5_000);
