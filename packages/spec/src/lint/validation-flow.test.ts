import { describe, expect, it } from "vitest";
import { loadManifests } from "../manifest.ts";
import {
  arg,
  type Case,
  errorsOf,
  leaf,
  lintTable,
  main,
  only,
  steps,
  tasks,
  templates,
} from "../testing/lint-cases.ts";
import { lintManifests } from "./index.ts";

const flow: readonly Case[] = [
  ["a step of no template", steps("{name: x}"), "template name is required"],
  [
    "a step of a template that does not exist",
    steps("{name: x, template: y}"),
    "template name 'y' undefined",
  ],
  [
    "a templateRef without resource",
    steps("{name: x, templateRef: {template: y}}"),
    "resource name is required",
  ],
  ["a templateRef without template", steps("{name: x, templateRef: {name: y}}"), "template name is required"],
  [
    "both a template and a templateRef",
    steps("{name: x, template: echo, templateRef: {name: a, template: b}}"),
    "template name cannot be specified with templateRef",
  ],
  [
    "templates beside a workflowTemplateRef",
    `workflowTemplateRef: {name: a}\n${templates}`,
    "Templates is invalid field in spec if workflow referred WorkflowTemplate reference",
  ],
  [
    "a workflow's hook without expression",
    `hooks: {running: {template: echo}}\nentrypoint: echo\n${templates}`,
    "hooks.running Expression required",
  ],
  [
    "a step's hook without expression",
    steps("{name: x, template: echo, hooks: {running: {template: echo}}}"),
    "templates.main.steps[0].x.running Expression required",
  ],
  ["an exit hook without expression", steps("{name: x, template: echo, hooks: {exit: {template: echo}}}")],
  [
    "two loops",
    steps("{name: x, template: echo, withItems: [1], withParam: '[]'}"),
    "only one of withItems, withParam, withSequence can be specified",
  ],
  [
    "a sequence with count and end",
    steps("{name: x, template: echo, withSequence: {count: 1, end: 2}}"),
    "only one of count or end can be defined in withSequence",
  ],
  [
    "a sequence's format without a number",
    steps("{name: x, template: echo, withSequence: {count: 1, format: '%s'}}"),
    "withSequence.format '%s' has no single %d, %x or %o",
  ],
  [
    "a sequence with a format",
    steps("{name: x, template: echo, withSequence: {count: 1, format: 'a%%%02Xb'}}"),
  ],
  [
    "an item that is null",
    steps("{name: x, template: echo, withItems: [1, null]}"),
    "unsupported withItems type",
  ],
  [
    "items of all types",
    steps(`{name: x, template: say, ${arg("{{item}}")}, withItems: [0, false, text, 1.2, {os: debian}]}`),
  ],
  [
    "an item outside of a loop",
    steps(`{name: x, template: say, ${arg("{{item}}")}}`),
    "failed to resolve {{item}}",
  ],
  [
    "a key that no item has",
    steps(`{name: x, template: say, ${arg("{{item.y}}")}, withItems: [{x: 1}]}`),
    "failed to resolve {{item.y}}",
  ],
  ["any key of a withParam", steps(`{name: x, template: say, ${arg("{{item.y}}")}, withParam: '[{}]'}`)],
  ["a dag without tasks", main("dag: {tasks: []}"), "templates.main must have at least one task"],
  [
    "a dependency that does not exist",
    tasks("{name: a, template: echo, dependencies: [b]}"),
    "templates.main.tasks.a dependency 'b' not defined",
  ],
  [
    "tasks in a circle",
    tasks("{name: a, template: echo, dependencies: [b]}", "{name: b, template: echo, dependencies: [a]}"),
    "dependency cycle detected",
  ],
  [
    "depends and dependencies",
    tasks(
      "{name: a, template: echo}",
      "{name: b, template: echo, depends: a}",
      "{name: c, template: echo, dependencies: [a]}",
    ),
    "templates.main cannot use both 'depends' and 'dependencies' in the same DAG template",
  ],
  [
    "continueOn in a dag with depends",
    tasks("{name: a, template: echo, continueOn: {failed: true}}", "{name: b, template: echo, depends: a}"),
    "templates.main cannot use 'continueOn' when using 'depends'. Instead use 'dep-task.Failed'/'dep-task.Errored'",
  ],
  [
    "a name with a digit where depends is used",
    tasks(
      "{name: 1a, template: echo}",
      "{name: b, template: echo, depends: b1}",
      "{name: b1, template: echo}",
    ),
    "templates.main.tasks.1a name cannot begin with a digit when using either 'depends' or 'dependencies'",
  ],
  ["a name with a digit alone", tasks("{name: 1a, template: echo}")],
  [
    "a result that does not exist",
    tasks("{name: a, template: echo}", "{name: b, template: echo, depends: a.Unknown}"),
    "task result 'Unknown' for task 'a' is invalid",
  ],
  [
    "AnySucceeded of no loop",
    tasks("{name: a, template: echo}", "{name: b, template: echo, depends: a.AnySucceeded}"),
    "templates.main.tasks.b dependency 'a' uses an items-based condition such as .AnySucceeded or .AllFailed but does not contain any items",
  ],
  [
    "AnySucceeded of a loop",
    tasks(
      "{name: a, template: echo, withItems: [1]}",
      "{name: b, template: echo, depends: a.AnySucceeded || a.AllFailed}",
    ),
  ],
  [
    "a target that does not exist",
    main("dag: {target: b, tasks: [{name: a, template: echo}]}"),
    "templates.main.targets: target 'b' is not defined",
  ],
  [
    "targets from an input",
    main(
      'inputs: {parameters: [{name: t, value: a}]}\ndag: {target: "{{inputs.parameters.t}}", tasks: [{name: a, template: echo}]}',
    ),
  ],
  [
    "targets from an input that is not there",
    main('dag: {target: "{{inputs.parameters.t}}", tasks: [{name: a, template: echo}]}'),
    "failed to resolve {{inputs.parameters.t}}",
  ],
  [
    "a task's output without waiting for it, by its full name",
    tasks(
      "{name: a, template: gives}",
      `{name: b, template: say, ${arg("{{tasks.a.outputs.parameters.p}}")}}`,
    ),
    "templates.main.tasks.b missing dependency 'a' for parameter 'm': failed to resolve {{tasks.a.outputs.parameters.p}}",
  ],
  [
    "a task's output without waiting for it",
    tasks(
      "{name: a, template: gives}",
      `{name: b, template: say, ${arg("{{tasks.a.outputs.parameters.p}}")}}`,
    ),
    "missing dependency 'a' for parameter 'm'",
  ],
  [
    "a task's artifact without waiting for it",
    tasks(
      "{name: a, template: gives}",
      '{name: b, template: takes, arguments: {artifacts: [{name: a, from: "{{tasks.a.outputs.artifacts.a}}"}]}}',
    ),
    "missing dependency 'a' for artifact 'a'",
  ],
  [
    "a task's output after it",
    tasks(
      "{name: a, template: gives}",
      `{name: b, template: say, depends: a, ${arg("{{tasks.a.outputs.parameters.p}}")}}`,
    ),
  ],
  [
    "a step's output after it",
    steps(
      "{name: a, template: gives}",
      `{name: b, template: say, ${arg("{{steps.a.outputs.parameters.p}}")}}`,
    ),
  ],
  [
    "a step's status before it",
    steps(`{name: a, template: say, ${arg("{{steps.b.status}}")}}`, "{name: b, template: echo}"),
    "failed to resolve {{steps.b.status}}",
  ],
  [
    "an output that the template has not",
    steps(
      "{name: a, template: echo}",
      `{name: b, template: say, ${arg("{{steps.a.outputs.parameters.p}}")}}`,
    ),
    "failed to resolve {{steps.a.outputs.parameters.p}}",
  ],
  [
    "the result of a suspend",
    steps("{name: a, template: wait}", `{name: b, template: say, ${arg("{{steps.a.outputs.result}}")}}`),
    "failed to resolve {{steps.a.outputs.result}}",
  ],
  [
    "the exit code of a container",
    steps("{name: a, template: echo}", `{name: b, template: say, ${arg("{{steps.a.exitCode}}")}}`),
  ],
  [
    "the ip of what is no daemon",
    steps("{name: a, template: echo}", `{name: b, template: say, ${arg("{{steps.a.ip}}")}}`),
    "failed to resolve {{steps.a.ip}}",
  ],
  [
    "the ip of a daemon",
    `${steps("{name: a, template: d}", `{name: b, template: say, ${arg("{{steps.a.ip}}")}}`)}\n- {name: d, daemon: true, container: {image: a}}`,
  ],
  [
    "the ip of what cannot be a daemon",
    `${steps("{name: a, template: d}", `{name: b, template: say, ${arg("{{steps.a.ip}}")}}`)}\n- {name: d, daemon: true, suspend: {}}`,
    "failed to resolve {{steps.a.ip}}",
  ],
  [
    "an input that is not there",
    leaf("podSpecPatch: '{{inputs.parameters.x}}'"),
    "failed to resolve {{inputs.parameters.x}}",
  ],
  [
    "a workflow parameter that is not there",
    leaf("podSpecPatch: '{{workflow.parameters.x}}'"),
    "failed to resolve {{workflow.parameters.x}}",
  ],
  [
    "a tag with spaces, as it is written",
    leaf("podSpecPatch: '{{  workflow.nothing  }}'"),
    "failed to resolve {{  workflow.nothing  }}",
  ],
  ["a variable of another kind", leaf("podSpecPatch: '{{user.name}} {{foo}}'")],
  [
    "a global output with a name known when it runs",
    `${steps(`{name: a, template: say, ${arg("x")}}`, `{name: b, template: say, ${arg("{{workflow.outputs.parameters.k}}")}}`)}\n- {name: g, inputs: {parameters: [{name: n, value: x}]}, container: {image: a}, outputs: {parameters: [{name: o, value: x, globalName: "{{inputs.parameters.n}}"}]}}`,
  ],
  [
    "own paths in a container",
    only(
      'container: {image: a, args: ["{{outputs.parameters.o.path}} {{inputs.artifacts.i.path}} {{pod.name}}"]}, inputs: {artifacts: [{name: i, path: /i, raw: {data: x}}]}, outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}',
    ),
  ],
];

lintTable("steps and tasks", flow);

describe("a WorkflowTemplate", () => {
  it.each([
    ["without entrypoint", templates],
    ["with parameters that its users give", leaf("podSpecPatch: '{{workflow.parameters.x}}'")],
    ["with arguments without values", `arguments: {parameters: [{name: m}]}\nentrypoint: echo\n${templates}`],
    [
      "with an enum but no value",
      `arguments: {parameters: [{name: m, enum: [a, b]}]}\nentrypoint: echo\n${templates}`,
    ],
  ])("may be %s", (_, spec) => {
    expect(errorsOf(spec, "WorkflowTemplate")).toEqual([]);
  });

  it("has its unreachable templates checked too", () => {
    const spec = `entrypoint: echo\n${templates}- {name: lost, container: {image: a, args: ["{{inputs.parameters.x}}"]}}\n`;
    expect(errorsOf(spec, "WorkflowTemplate")).toEqual(["failed to resolve {{inputs.parameters.x}}"]);
  });

  it.each([
    ["WorkflowTemplate", "workflow template"],
    ["ClusterWorkflowTemplate", "cluster workflow template"],
  ])("may not have a name of 64 characters: %s", (kind, what) => {
    const name = "a".repeat(64);
    const text = `apiVersion: argoproj.io/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {templates: []}`;
    const { manifests } = loadManifests(text);
    expect(lintManifests(manifests).map(({ message }) => message)).toContainEqual(
      `${what} name "${name}" must not be more than 63 characters long (currently 64)`,
    );
  });

  it("may leave parameters, labels and annotations to its users, and nothing else of the workflow", () => {
    const spec = leaf(
      "podSpecPatch: '{{workflow.labels.l}} {{workflow.annotations.a}} {{workflow.nothing}}'",
    );
    expect(errorsOf(spec, "WorkflowTemplate")).toEqual(["failed to resolve {{workflow.nothing}}"]);
  });
});

describe("a Workflow without metadata", () => {
  it("is whole: a run is given a name", () => {
    const text = `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec: {entrypoint: t, templates: [{name: t, suspend: {}}]}`;

    const { manifests, issues } = loadManifests(text);

    expect([...issues, ...lintManifests(manifests)]).toEqual([]);
    expect(manifests[0]?.manifest.metadata).toEqual({});
  });
});
