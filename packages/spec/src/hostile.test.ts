// Mutated manifests: whatever a text says, loading and linting it gives issues, never an exception, and in time.
import { isAppError } from "@sluice/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lintManifests, loadManifests } from "./index.ts";
import { hasErrors } from "./issue.ts";

const seeds = [
  `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: coin-, labels: {a: b}, annotations: {sluice.dev/when-values: data}}
spec:
  entrypoint: main
  onExit: bye
  arguments: {parameters: [{name: p, value: "1"}]}
  templates:
  - name: main
    steps:
    - - {name: flip, template: flip, withItems: [1, {a: b}], arguments: {parameters: [{name: x, value: "{{item}}"}]}}
    - - {name: heads, template: graph, when: "{{steps.flip.outputs.result}} == heads && '{{=1 + 1}}' =~ '^2$'"}
      - {name: again, template: main, when: "{{steps.flip.outputs.result}} == tails", hooks: {exit: {template: bye}}}
  - name: flip
    inputs: {parameters: [{name: x, default: a, enum: [a, b]}]}
    retryStrategy: {limit: 2, backoff: {duration: 1s, factor: 2}, expression: "asInt(lastRetry.exitCode) > 1"}
    script: {image: "python:alpine3.6", command: [python], source: "print('{{inputs.parameters.x}}')"}
  - name: graph
    dag:
      tasks:
      - {name: a, template: bye}
      - {name: b, template: bye, depends: "a.Succeeded || (a.Failed && !a.Skipped)", withSequence: {count: "3"}}
      - {name: c, template: bye, depends: b, withParam: "{{tasks.b.outputs.result}}"}
    outputs: {parameters: [{name: o, valueFrom: {expression: "tasks.a.outputs.result"}}]}
  - {name: bye, container: {image: "alpine:3.6", args: ["{{workflow.status}} {{= sprig.upper(workflow.name) }}"]}}
`,
  `apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: hook}
spec:
  service: {ports: [{port: 12000, targetPort: 12000}]}
  webhook:
    a: {port: "12000", endpoint: /a, method: POST, filter: {expression: "body.x == 1"}}
  calendar: {tick: {interval: 10s}, cron: {schedule: "30 * * * *", timezone: Europe/Berlin}}
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: s}
spec:
  dependencies:
  - name: d
    eventSourceName: hook
    eventName: a
    filtersLogicalOperator: or
    filters:
      data: [{path: 'body.items.#(name=="x").v', type: string, comparator: "=", value: ["a", "^b+$"]}]
      exprs: [{expr: "a == 'x' && b > 1", fields: [{name: a, path: body.a}, {name: b, path: body.b}]}]
      time: {start: "02:30:00", stop: "04:30:00"}
  triggers:
  - template:
      name: t
      conditions: d
      http: {url: "http://localhost/x", method: POST, payload: [{src: {dependencyName: d, dataKey: body}, dest: x}]}
    retryStrategy: {steps: 3, duration: 1s, factor: 2, jitter: 0.1}
    parameters: [{src: {dependencyName: d, dataTemplate: "{{ .Input.body | toJson }}"}, dest: http.url}]
`,
  `apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: c}
spec:
  schedules: ["*/5 * * * *", "@daily"]
  timezone: UTC
  concurrencyPolicy: Forbid
  stopStrategy: {expression: "cronworkflow.failed >= 3"}
  workflowSpec:
    workflowTemplateRef: {name: w}
`,
];

const pieces = fc.constantFrom(
  ..."{{ }} {{= {{a}} ' \" [ ] { } : , - # & * ! | > ? % @ ` \\ \n \t &a *a <<: !!js/function null ~ true -1 1e999 0x1 2024-01-01 .nan __proto__ constructor name: steps dag template when depends (( )) && || == =~ \u0000 \u2028 \ud800 é 1s 99999999999 ${} $(x) #( \u001f".split(
    " ",
  ),
  "\n  - ",
  "\n",
  "  ",
);
type Edit = { readonly kind: "put" | "cut" | "swap" | "repeat"; readonly at: number; readonly size: number };
const edit = fc.record({
  kind: fc.constantFrom("put", "cut", "swap", "repeat") as fc.Arbitrary<Edit["kind"]>,
  at: fc.nat(10_000),
  size: fc.nat(60),
  piece: pieces,
});
const mutated = fc
  .tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 6 }))
  .map(([seed, edits]) => edits.reduce((text, one) => mutate(text, one), seed));

function mutate(text: string, { kind, at, size, piece }: Edit & { readonly piece: string }): string {
  const from = at % (text.length + 1);
  const [before, part, after] = [text.slice(0, from), text.slice(from, from + size), text.slice(from + size)];
  switch (kind) {
    case "put":
      return before + piece + part + after;
    case "cut":
      return before + after;
    case "swap":
      return before + piece + after;
    case "repeat":
      return before + part.repeat(4) + after;
  }
}

/** Loads and lints a text; what it throws but a coded error that is no bug fails the test. */
function check(text: string): void {
  try {
    const { manifests, issues } = loadManifests(text, { file: "f.yaml" });
    const found = [
      ...issues,
      ...lintManifests(manifests),
      ...lintManifests(manifests, { executor: "local" }),
    ];
    for (const issue of found) {
      expect(issue.line === undefined || issue.line >= 1).toBe(true);
      expect(issue.message).not.toBe("");
    }
    if (manifests.length === 0 && text.trim() !== "") hasErrors(issues);
  } catch (error) {
    if (!isAppError(error) || error.retry === "bug") throw error;
  }
}

describe("a mutated manifest", () => {
  test("the seeds are right as they are", () => {
    for (const seed of seeds) {
      const { manifests, issues } = loadManifests(seed);
      const found = [...issues, ...lintManifests(manifests)];
      expect(found.filter((i) => i.severity === "error" && i.code !== "SPEC_UNSUPPORTED")).toEqual([]);
    }
  });

  test("gives issues and never an exception", () => {
    fc.assert(fc.property(mutated, check), { numRuns: 250, interruptAfterTimeLimit: 8_000 });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  }, 60_000);

  const fill = (item: (i: number) => string): string => {
    let text = "";
    for (let i = 0; text.length < 200_000; i++) text += item(i);
    return text;
  };
  const head =
    "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: a-}\nspec:\n  entrypoint: t0\n";
  const sensor = "apiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: s}";
  const big: Readonly<Record<string, string>> = {
    "templates that call each other in a row": `${head}  templates:\n${fill(
      (i) => `  - {name: t${i}, steps: [[{name: s, template: t${i + 1}}]]}\n`,
    )}`,
    "tasks that depend on all before them": `${head}  templates:\n  - name: t0\n    dag:\n      tasks:\n${Array.from(
      { length: 180 },
      (_, i) =>
        `      - {name: k${i}, template: t0, depends: "${Array.from({ length: i }, (_, j) => `k${j}`).join(" && ")}"}\n`,
    ).join("")}`,
    "tasks in a circle": `${head}  templates:\n  - name: t0\n    dag:\n      tasks:\n${fill(
      (i) => `      - {name: k${i}, template: t0, dependencies: [k${i + 1}, k0]}\n`,
    )}`,
    "unknown fields": `${head}${fill((i) => `  field${i}: 1\n`)}`,
    "names that are nearly right": `${head}  templates:\n${fill((i) => `  - {name: t${i}, containr: {image: a}}\n`)}`,
    "tags in one text": `${head}  templates: [{name: t0, container: {image: a, args: ["${fill(() => "{{inputs.parameters.x}}")}"]}}]\n`,
    "open tags in one text": `${head}  templates: [{name: t0, container: {image: a, args: ["${fill(() => "{{ {{= ")}"]}}]\n`,
    "a long when": `${head}  templates: [{name: t0, steps: [[{name: s, template: t0, when: "${fill(() => "a == b && ")}"}]]}]\n`,
    "a deep when": `${head}  templates: [{name: t0, steps: [[{name: s, template: t0, when: "${fill(() => "(")}"}]]}]\n`,
    "steps that read each other": `${head}  templates:\n  - name: t0\n    steps:\n${fill(
      (i) => `    - - {name: s${i}, template: t0, when: "{{steps.s${i - 1}.outputs.result}} == a"}\n`,
    )}`,
    "one name": `${head}  templates:\n${fill(() => "  - {name: t0, container: {image: a}}\n")}`,
    "dependencies of a sensor": `${sensor}\nspec:\n  triggers: []\n  dependencies:\n${fill(
      (i) => `  - {name: d${i}, eventSourceName: a, eventName: b}\n`,
    )}`,
    "a sensor's conditions": `${sensor}\nspec:\n  dependencies: [{name: d, eventSourceName: a, eventName: b}]\n  triggers: [{template: {name: t, conditions: "${fill(() => "d || ")}d", log: {}}}]\n`,
  };

  test.each(Object.keys(big))(
    "of 200 kB of %s is read and linted within the test's time",
    (name) => {
      const text = big[name] ?? "";
      check(text);
    },
    20_000,
  );
});
