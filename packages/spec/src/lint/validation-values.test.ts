import { type Case, leaf, lintTable, main, out, steps, tasks, templates } from "../testing/lint-cases.ts";

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
    "a path that comes back to where it went up",
    leaf("outputs: {artifacts: [{name: a, path: /tmp/s/../../tmp/s/x}, {name: b, path: /tmp/..b/c..d}]}"),
  ],
  [
    "a path that comes back beside where it went up",
    leaf("outputs: {artifacts: [{name: a, path: /tmp/../tmp-other/x}]}"),
    "Directory traversal is not permitted",
  ],
  [
    "a path that is above where it begins",
    leaf("outputs: {artifacts: [{name: a, path: ../x}]}"),
    "Directory traversal is not permitted",
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
    "a metric whose value is not written",
    leaf("metrics: {prometheus: [{name: a, help: x, histogram: {buckets: [1]}}]}"),
    "templates.t metric 'a' error: missing histogram.value",
  ],
  [
    "a metric's label with a dash",
    leaf(
      'metrics: {prometheus: [{name: a, help: x, labels: [{key: a-b, value: c}], counter: {value: "1"}}]}',
    ),
    "metric label 'a-b' is invalid: keys may only contain alphanumeric characters or '_'",
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

lintTable("values", values);
