import {
  type Case,
  leaf,
  lintTable,
  main,
  only,
  out,
  steps,
  tasks,
  templates,
} from "../testing/lint-cases.ts";

const names: readonly Case[] = [
  ["a workflow without entrypoint", templates, "spec.entrypoint is required"],
  ["an entrypoint that does not exist", `entrypoint: x\n${templates}`, "template name 'x' undefined"],
  [
    "two templates of one name",
    "entrypoint: a\ntemplates:\n- {name: a, suspend: {}}\n- {name: a, suspend: {}}",
    "spec.templates[1].name 'a' is not unique",
  ],
  [
    "a template without name",
    "entrypoint: a\ntemplates:\n- {name: a, suspend: {}}\n- {suspend: {}}",
    "spec.templates[1].name is required",
  ],
  [
    "a template's name with _",
    "entrypoint: a_b\ntemplates:\n- {name: a_b, suspend: {}}",
    "spec.templates[0].name: 'a_b' is invalid: name must consist of alpha-numeric characters or '-'",
  ],
  [
    "a template's name of 129 characters",
    `entrypoint: t\ntemplates:\n- {name: t, suspend: {}}\n- {name: ${"a".repeat(129)}, suspend: {}}`,
    "must not be more than 128 characters",
  ],
  [
    "two steps of one name",
    steps("{name: x, template: echo}", "{name: x, template: echo}"),
    "templates.main.steps[1].name 'x' is not unique",
  ],
  ["a step without name", steps('{name: "", template: echo}'), "templates.main.steps[0].name is required"],
  ["a step's name with a dot", steps("{name: a.b, template: echo}"), "is invalid"],
  [
    "two tasks of one name",
    tasks("{name: x, template: echo}", "{name: x, template: echo}"),
    "templates.main.tasks[1].name 'x' is not unique",
  ],
  [
    "two inputs of one name",
    leaf("inputs: {parameters: [{name: a, value: x}, {name: a, value: x}]}"),
    "templates.t.inputs.parameters[1].name 'a' is not unique",
  ],
  [
    "an input without name",
    leaf('inputs: {parameters: [{name: "", value: x}]}'),
    "templates.t.inputs.parameters[0].name is required",
  ],
  [
    "an input's name with a space",
    leaf("inputs: {parameters: [{name: a b, value: x}]}"),
    "is invalid: Parameter/Artifact name must consist of alpha-numeric characters, '_' or '-' e.g. my_param_1, MY-PARAM-1",
  ],
  [
    "an argument's name with #",
    `entrypoint: echo\narguments: {parameters: [{name: "p#1", value: x}]}\n${templates}`,
    "is invalid",
  ],
  [
    "an artifact argument's name with &",
    `entrypoint: echo\narguments: {artifacts: [{name: "&-k", http: {url: "http://x"}}]}\n${templates}`,
    "spec.arguments.artifacts[0].name: '&-k' is invalid",
  ],
  [
    "an artifact's name with a slash",
    leaf("inputs: {artifacts: [{name: a/b, path: /x, raw: {data: x}}]}"),
    "is invalid",
  ],
  [
    "names in snake case",
    `entrypoint: t\narguments: {artifacts: [{name: __k, raw: {data: x}}], parameters: [{name: my_p, value: x}]}\ntemplates:\n- {name: t, inputs: {artifacts: [{name: __k, path: /k, mode: 0755}]}, container: {image: a, args: ["{{workflow.parameters.my_p}}"]}}`,
  ],
  [
    "an output's globalName with a space",
    out('{name: o, globalName: "a b", valueFrom: {path: /x}}'),
    "templates.t.outputs.parameters.o.globalName: Parameter/Artifact name must consist",
  ],
  [
    "an artifact's globalName with a space",
    leaf('outputs: {artifacts: [{name: o, globalName: "a b", path: /x}]}'),
    ".globalName: Parameter/Artifact name must consist",
  ],
];

const bodies: readonly Case[] = [
  [
    "a template without body",
    "entrypoint: t\ntemplates:\n- {name: t}",
    "templates.t template type unspecified. choose one of: container, containerSet, steps, script, resource, dag, suspend, template, template ref",
  ],
  [
    "a template with two bodies",
    only("suspend: {}, container: {image: a}"),
    "templates.t multiple template types specified. choose one of:",
  ],
  [
    "a container without image",
    only("container: {args: [a]}"),
    "templates.t.container.image may not be empty",
  ],
  ["a script without image", only('script: {source: "x"}'), "templates.t.script.image may not be empty"],
  [
    "an image from the defaults",
    `templateDefaults: {container: {image: a}}\n${only("container: {args: [a]}")}`,
  ],
  [
    "a deadline on steps",
    main("activeDeadlineSeconds: 3\nsteps: [[{name: a, template: echo}]]"),
    "templates.main.activeDeadlineSeconds is only valid for leaf templates",
  ],
  [
    "a deadline of 0",
    leaf("activeDeadlineSeconds: 0"),
    "activeDeadlineSeconds must be a positive integer > 0 or an argo variable",
  ],
  [
    "a deadline that is a word",
    leaf("activeDeadlineSeconds: soon"),
    "activeDeadlineSeconds must be a positive integer > 0 or an argo variable",
  ],
  [
    "a deadline from an input",
    leaf('inputs: {parameters: [{name: s, value: "3"}]}, activeDeadlineSeconds: "{{inputs.parameters.s}}"'),
  ],
  [
    "a timeout on a dag",
    main("timeout: 5s\ndag: {tasks: [{name: a, template: echo}]}"),
    "DAG template doesn't support timeout field.",
  ],
  ["a timeout without unit", leaf('timeout: "20"'), "t has invalid duration format in timeout."],
  ["a timeout with a unit", leaf("timeout: 20s")],
  [
    "a pendingTimeout on a suspend",
    only("suspend: {}, pendingTimeout: 3s"),
    "Suspend template doesn't support pendingTimeout field",
  ],
  [
    "parallelism of a container",
    leaf("parallelism: 1"),
    "templates.t.parallelism is only valid for steps and dag templates",
  ],
  [
    "an init container without name",
    leaf("initContainers: [{image: b}]"),
    "initContainers must all have container name",
  ],
  [
    "a sidecar named main",
    leaf("sidecars: [{name: main, image: b}]"),
    '"main" is a reserved Argo container name',
  ],
  [
    "podResources of a suspend",
    only("suspend: {}, podResources: {limits: {cpu: 1}}"),
    "templates.t.podResources is not supported for Suspend templates",
  ],
  [
    "resourceClaims of steps",
    main("resourceClaims: [{name: g}]\nsteps: [[{name: a, template: echo}]]"),
    "templates.main.resourceClaims is not supported for Steps templates, which do not create a pod",
  ],
  [
    "one mountPath twice",
    only("container: {image: a, volumeMounts: [{name: x, mountPath: /m}, {name: y, mountPath: /m}]}"),
    "templates.t.container.volumeMounts[1].mountPath '/m' already mounted in container.volumeMounts.x",
  ],
  [
    "an artifact where a volume is",
    only(
      "inputs: {artifacts: [{name: a, path: /m, raw: {data: x}}]}, container: {image: a, volumeMounts: [{name: x, mountPath: /m}]}",
    ),
    "templates.t.inputs.artifacts[0].path '/m' already mounted in container.volumeMounts.x",
  ],
  [
    "a retry policy that does not exist",
    leaf("retryStrategy: {retryPolicy: Sometimes}"),
    "Sometimes is not a valid RetryPolicy",
  ],
  ["a limit that is a word", leaf("retryStrategy: {limit: many}"), "is not a number of retries"],
  [
    "a limit from a parameter",
    `arguments: {parameters: [{name: n, value: 3}]}\n${leaf('retryStrategy: {limit: "{{workflow.parameters.n}}"}')}`,
  ],
  ["a backoff without number", leaf("retryStrategy: {backoff: {duration: soon}}"), "is not a duration"],
  ["a suspend of no duration", only("suspend: {duration: later}"), "is not a duration"],
  ["a suspend of 20 seconds", only("suspend: {duration: 20}")],
  [
    "a strategy of podGC that does not exist",
    `podGC: {strategy: Foo}\n${leaf("daemon: false")}`,
    "podGC.strategy unknown strategy 'Foo'",
  ],
  [
    "a selector of podGC with a bad operator",
    `podGC: {labelSelector: {matchExpressions: [{key: e, operator: Bad, values: [d]}]}}\n${leaf("daemon: false")}`,
    'podGC.labelSelector invalid: "Bad" is not a valid label selector operator',
  ],
  [
    "a podGC that is right",
    `podGC: {strategy: OnPodSuccess, labelSelector: {matchLabels: {a: b}}}\n${leaf("daemon: false")}`,
  ],
  [
    "a set with a dependency that is none",
    only("containerSet: {containers: [{name: a, image: x}, {name: b, image: x, dependencies: [c]}]}"),
    "templates.t.containerSet.containers.b dependency 'c' not defined",
  ],
  [
    "a set in a circle",
    only(
      "containerSet: {containers: [{name: a, image: x, dependencies: [b]}, {name: b, image: x, dependencies: [a]}]}",
    ),
    "dependency cycle detected",
  ],
  [
    "a set with outputs but no main",
    only(
      "containerSet: {containers: [{name: a, image: x}]}, outputs: {parameters: [{name: o, valueFrom: {path: /x}}]}",
    ),
    'templates.t.containerSet.containers must have a container named "main" for input or output',
  ],
  [
    "a set with outputs of main",
    only(
      "containerSet: {containers: [{name: main, image: x}]}, outputs: {parameters: [{name: o, valueFrom: {path: /x}}]}",
    ),
  ],
  ["an http template without URL", only("http: {url: somewhere}"), "is not an http or https URL"],
  [
    "an http condition that does not compile",
    only("http: {url: 'http://x', successCondition: 'response.statusCode =='}"),
    "unexpected end",
  ],
  [
    "a data expression that does not compile",
    only(
      "data: {source: {artifactPaths: {name: x, s3: {bucket: b}}}, transformation: [{expression: 'filter(data, {'}]}",
    ),
    "unexpected end",
  ],
];

const resources: readonly Case[] = [
  [
    "an action that does not exist",
    only('resource: {action: foo, manifest: "a: b"}'),
    "templates.t.resource.action must be one of: get, create, apply, delete, replace, patch",
  ],
  [
    "an action from an input",
    only(
      'inputs: {parameters: [{name: a, value: get}]}, resource: {action: "{{inputs.parameters.a}}", manifest: "a: b"}',
    ),
  ],
  [
    "no manifest",
    only("resource: {action: create}"),
    "either templates.t.resource.manifest or templates.t.resource.manifestFrom must be specified",
  ],
  ["no manifest to get", only("resource: {action: get, flags: [cm/a]}")],
  [
    "two manifests",
    only(
      'inputs: {artifacts: [{name: m, path: /m, raw: {data: x}}]}, resource: {action: create, manifest: "a: b", manifestFrom: {artifact: {name: m}}}',
    ),
    "shouldn't have both `manifest` and `manifestFrom` specified in `Manifest` for resource template",
  ],
  [
    "a manifest from no artifact",
    only("resource: {action: create, manifestFrom: {artifact: {name: m}}}"),
    "artifact m in `manifestFrom` refer to a non-exist artifact",
  ],
  [
    "a manifest that is no YAML",
    "entrypoint: t\ntemplates:\n- name: t\n  resource:\n    action: apply\n    manifest: |\n      no-yaml\n      kind: ConfigMap\n",
    "templates.t.resource.manifest must be a valid yaml",
  ],
  [
    "a manifest with tags outside of quotes",
    "entrypoint: t\ntemplates:\n- name: t\n  inputs: {parameters: [{name: n, value: 1}]}\n  resource:\n    action: apply\n    manifest: |\n      port: {{=asInt(inputs.parameters.n)}}\n      name: {{inputs.parameters.n}}\n",
  ],
  [
    "a condition that is none",
    only('resource: {action: get, successCondition: "status.phase === Done"}'),
    "which is no condition",
  ],
  [
    "conditions as they are written",
    only(
      'resource: {action: get, successCondition: "status.phase in (a, b), status.count > 1", failureCondition: "status.failed == true"}',
    ),
  ],
  [
    "an output by path",
    only("resource: {action: get}, outputs: {parameters: [{name: o, valueFrom: {path: /x}}]}"),
    "templates.t.outputs.parameters.o .jqFilter or jsonPath must be specified for Resource templates",
  ],
  [
    "outputs by jq and JSONPath",
    only(
      "resource: {action: get}, outputs: {parameters: [{name: o, valueFrom: {jqFilter: '.status.phase'}}, {name: p, valueFrom: {jsonPath: '{.status.phase}'}}]}",
    ),
  ],
  [
    "a jq filter that does not compile",
    only("resource: {action: get}, outputs: {parameters: [{name: o, valueFrom: {jqFilter: '.a | foo'}}]}"),
    "foo/0 is not defined",
  ],
  [
    "a JSONPath that does not compile",
    only("resource: {action: get}, outputs: {parameters: [{name: o, valueFrom: {jsonPath: '{.a'}}]}"),
    "this '{' is never closed",
  ],
];

lintTable("names", names);
lintTable("templates", bodies);
lintTable("resources", resources);
