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
  out,
  steps,
  tasks,
  templates,
} from "../testing/lint-cases.ts";
import { lintManifests } from "./index.ts";

const values: readonly Case[] = [
  [
    "an argument without value",
    `entrypoint: echo\narguments: {parameters: [{name: missing}]}\n${templates}`,
    "spec.arguments.missing.value or spec.arguments.missing.valueFrom is required",
  ],
  [
    "a step's argument without value",
    steps("{name: x, template: say, arguments: {parameters: [{name: m}]}}"),
    "templates.main.steps[0].x.arguments.m.value or templates.main.steps[0].x.arguments.m.valueFrom is required",
  ],
  [
    "an argument from a ConfigMap",
    `entrypoint: say\narguments: {parameters: [{name: m, valueFrom: {configMapKeyRef: {name: c, key: k}}}]}\n${templates}`,
  ],
  [
    "an argument from a path",
    `entrypoint: echo\narguments: {parameters: [{name: m, valueFrom: {path: /x}}]}\n${templates}`,
    "spec.arguments.m.valueFrom only allows: default, configMapKeyRef and supplied",
  ],
  [
    "an argument from a default alone",
    `entrypoint: echo\narguments: {parameters: [{name: m, valueFrom: {default: x}}]}\n${templates}`,
    "valueFrom only allows: default, configMapKeyRef and supplied",
  ],
  [
    "an input from an expression",
    leaf("inputs: {parameters: [{name: a, valueFrom: {expression: '1'}}]}"),
    "valueFrom only allows: default, configMapKeyRef and supplied",
  ],
  [
    "an empty enum",
    `entrypoint: echo\narguments: {parameters: [{name: m, value: one, enum: []}]}\n${templates}`,
    "spec.arguments.m.enum should contain at least one value",
  ],
  [
    "a value that is not in the enum",
    `entrypoint: echo\narguments: {parameters: [{name: m, value: one, enum: [two]}]}\n${templates}`,
    "spec.arguments.m.value should be present in spec.arguments.m.enum list",
  ],
  [
    "a value that is in the enum",
    `entrypoint: echo\narguments: {parameters: [{name: m, value: two, enum: [one, two]}]}\n${templates}`,
  ],
  [
    "an input that nobody gives",
    `entrypoint: say\n${templates}`,
    "templates.say inputs.parameters.m was not supplied",
  ],
  [
    "a step that does not give an input",
    steps("{name: x, template: say}"),
    "templates.main.steps[0].x templates.say inputs.parameters.m was not supplied",
  ],
  [
    "a task that does not give an input",
    tasks("{name: x, template: say}"),
    "templates.main.tasks.x templates.say inputs.parameters.m was not supplied",
  ],
  [
    "a step that does not give an artifact",
    steps("{name: x, template: takes}"),
    "templates.takes inputs.artifacts.a was not supplied",
  ],
  [
    "an artifact argument from nowhere",
    steps("{name: x, template: takes, arguments: {artifacts: [{name: a}]}}"),
    "templates.main.steps[0].x.arguments.a.from, artifact location, or key is required",
  ],
  [
    "an artifact argument from two places",
    steps(
      '{name: x, template: takes, arguments: {artifacts: [{name: a, from: "{{workflow.outputs.artifacts.b}}", fromExpression: x}]}}',
    ),
    "shouldn't have both `from` and `fromExpression` in Artifact",
  ],
  [
    "an input artifact with from",
    leaf('inputs: {artifacts: [{name: a, path: /a, from: "{{x}}"}]}'),
    "templates.t.inputs.artifacts.a.from not valid in inputs",
  ],
  [
    "an input artifact without path",
    leaf("inputs: {artifacts: [{name: a, raw: {data: x}}]}"),
    "did not specify a path",
  ],
  [
    "an input artifact of steps with path",
    main("inputs: {artifacts: [{name: a, path: /a, raw: {data: x}}]}\nsteps: [[{name: a, template: echo}]]"),
    "templates.main.inputs.artifacts.a.path only valid in container/script templates",
  ],
  [
    "a path that goes up",
    leaf("outputs: {artifacts: [{name: a, path: /tmp/../etc}]}"),
    "attempted to use a path containing '..'. Directory traversal is not permitted",
  ],
  [
    "git without repo",
    leaf("inputs: {artifacts: [{name: a, path: /a, git: {revision: x}}]}"),
    ".git.repo is required",
  ],
  [
    "an output from nowhere",
    out("{name: o}"),
    "templates.t.outputs.parameters.o does not have valueFrom or value specified",
  ],
  [
    "an output from two places",
    out("{name: o, value: x, valueFrom: {path: /x}}"),
    "has both valueFrom and value specified",
  ],
  [
    "an output with an empty valueFrom",
    out("{name: o, valueFrom: {}}"),
    "valueFrom type unspecified. choose one of: path, jqFilter, jsonPath, parameter, raw, expression",
  ],
  [
    "an output with two sources",
    out("{name: o, valueFrom: {path: /x, jsonPath: .x}}"),
    "multiple valueFrom types specified. choose one of: path, jqFilter, jsonPath, parameter, raw",
  ],
  [
    "a container's output by parameter",
    out("{name: o, valueFrom: {parameter: x}}"),
    "templates.t.outputs.parameters.o.path must be specified for Container templates",
  ],
  [
    "a script's output by parameter",
    out("{name: o, valueFrom: {parameter: x}}", "script: {image: a, source: x}"),
    ".path must be specified for Script templates",
  ],
  [
    "an output of steps by path",
    main("outputs: {parameters: [{name: o, valueFrom: {path: /x}}]}\nsteps: [[{name: a, template: echo}]]"),
    ".parameter or expression must be specified for Steps templates",
  ],
  [
    "an output of a dag by two ways",
    main(
      "outputs: {parameters: [{name: o, valueFrom: {parameter: x, expression: y}}]}\ndag: {tasks: [{name: a, template: echo}]}",
    ),
    "shouldn't have both `from` and `expression` specified in `ValueFrom` for DAG templates",
  ],
  [
    "a metric's name with a dash",
    leaf('metrics: {prometheus: [{name: a-b, help: x, counter: {value: "1"}}]}'),
    "templates.t metric name 'a-b' is invalid. Metric names must contain alphanumeric characters or '_'",
  ],
  [
    "a metric without help",
    leaf('metrics: {prometheus: [{name: a, counter: {value: "1"}}]}'),
    "templates.t metric 'a' must contain a help string under 'help: ' field",
  ],
  [
    "a metric without value",
    leaf("metrics: {prometheus: [{name: a, help: x, gauge: {value: ''}}]}"),
    "templates.t metric 'a' error: missing gauge.value",
  ],
  [
    "a metric's label with a dash",
    leaf(
      'metrics: {prometheus: [{name: a, help: x, labels: [{key: a-b, value: c}], counter: {value: "1"}}]}',
    ),
    "metric label 'a-b' is invalid",
  ],
  [
    "a realtime metric of resources",
    leaf(
      'metrics: {prometheus: [{name: a, help: x, gauge: {realtime: true, value: "{{resourcesDuration.cpu}}"}}]}',
    ),
    "metrics cannot be used in real-time metrics",
  ],
  [
    "a metric that is right",
    leaf(
      'metrics: {prometheus: [{name: a, help: x, labels: [{key: k, value: "{{status}}"}], gauge: {realtime: true, value: "{{duration}}"}}]}',
    ),
  ],
  ["a mutex without name", leaf("synchronization: {mutexes: [{}]}"), "mutexes[0].name is required"],
  [
    "a semaphore from two places",
    leaf("synchronization: {semaphores: [{configMapKeyRef: {name: a, key: b}, database: {key: c}}]}"),
    "must have exactly one of configMapKeyRef and database",
  ],
  [
    "a semaphore from nowhere",
    `synchronization: {semaphores: [{}]}\n${leaf("daemon: false")}`,
    "must have exactly one of configMapKeyRef and database",
  ],
  [
    "locks that are right",
    leaf("synchronization: {mutexes: [{name: a}], semaphores: [{configMapKeyRef: {name: a, key: b}}]}"),
  ],
  [
    "a cache without name",
    leaf("memoize: {key: k, cache: {configMap: {}}}"),
    "memoize.cache.configMap.name is required",
  ],
  [
    "a cache's age without unit",
    leaf('memoize: {key: k, maxAge: "10", cache: {configMap: {name: c}}}'),
    "memoize.maxAge '10' is not a duration",
  ],
];

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
    "an input that is not there",
    leaf("podSpecPatch: '{{inputs.parameters.x}}'"),
    "failed to resolve {{inputs.parameters.x}}",
  ],
  [
    "a workflow parameter that is not there",
    leaf("podSpecPatch: '{{workflow.parameters.x}}'"),
    "failed to resolve {{workflow.parameters.x}}",
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

lintTable("values", values);
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

  it("may not have a name of 64 characters", () => {
    const text = `apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: ${"a".repeat(64)}}\nspec: {templates: []}`;
    const { manifests } = loadManifests(text);
    expect(lintManifests(manifests).map(({ message }) => message)).toContainEqual(
      expect.stringContaining("must not be more than 63 characters long (currently 64)"),
    );
  });
});
