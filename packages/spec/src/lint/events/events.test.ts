import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadManifests } from "../../manifest.ts";
import { type LintOptions, lintManifests } from "../index.ts";

function lint(kind: string, spec: string, options?: LintOptions) {
  const text = `apiVersion: argoproj.io/v1alpha1\nkind: ${kind}\nmetadata: {name: s}\nspec:\n${spec}`;
  const { manifests, issues } = loadManifests(text);
  expect(issues).toEqual([]);
  return lintManifests(manifests, options);
}
const dependency = (more = "") => `  - {name: a, eventSourceName: x, eventName: y${more}}\n`;
const sensor = (dependencies: string, trigger: string) =>
  lint("Sensor", `  dependencies:\n${dependencies}  triggers:\n${trigger}`);
const logTrigger = "  - template: {name: t, log: {}}\n";
const filtered = (filters: string) => sensor(dependency(`, filters: ${filters}`), logTrigger);

describe("a WorkflowEventBinding", () => {
  const binding = (ref: string, complete: boolean) =>
    lint("WorkflowEventBinding", `  event: {selector: "true"}\n  submit: {workflowTemplateRef: ${ref}}\n`, {
      known: {
        find: (namespace, name) =>
          namespace === "default" && name === "build" ? { templates: [] } : undefined,
        names: (namespace) => (namespace === "default" ? ["build"] : []),
        complete,
      },
    }).map(({ severity, path, message, hint }) => `${severity} ${path}: ${message}: ${hint}`);

  it("of a template that is not there is warned of, where all templates are known", () => {
    const path = "warning spec.submit.workflowTemplateRef.name:";
    expect(binding("{name: build}", true)).toEqual([]);
    expect(binding("{name: biuld}", true)).toEqual([
      `${path} WorkflowTemplate 'biuld' is not there: what it submits will be in Error: did you mean 'build'?`,
    ]);
    expect(binding("{name: build, clusterScope: true}", true)).toEqual([
      expect.stringMatching(/^warning .*: ClusterWorkflowTemplate 'build' is not there/),
    ]);
    expect(binding("{name: other}", false)).toEqual([]);
  });
});

describe("a sensor", () => {
  it("that is right has no issues", () => {
    const filters =
      "{data: [{path: body.a, type: string, value: [x]}], exprs: [{expr: 'a > 1', fields: [{path: body.a, name: a}]}], time: {start: '08:00:00', stop: '07:00:00', timezone: Europe/Berlin}}";

    expect(filtered(filters)).toEqual([]);
  });

  it("names dependencies and triggers once, and only those that exist", () => {
    const issues = sensor(
      `${dependency() + dependency()}  - {name: ab, eventSourceName: x, eventName: z}\n`,
      "  - template: {name: t, conditions: a && abc, log: {}}\n    parameters: [{src: {dependencyName: b, dataKey: x}, dest: y}]\n  - template: {name: t, log: {}}\n",
    );

    expect(issues.map(({ code, message, hint }) => `${code} ${message} / ${hint}`)).toEqual([
      expect.stringContaining("SPEC_NAME duplicate dependency name: a"),
      "SPEC_REFERENCE conditions name 'abc', which is no dependency of this sensor / did you mean 'ab'?",
      "SPEC_REFERENCE parameter names 'b', which is no dependency of this sensor / did you mean 'a'?",
      expect.stringContaining("SPEC_NAME duplicate trigger name: t"),
    ]);
  });

  it("has triggers of exactly one kind, and conditions that parse", () => {
    expect(sensor(dependency(), "  - template: {name: t}\n")[0]).toMatchObject({ code: "SPEC_CONFLICT" });
    expect(sensor(dependency(), "  - template: {name: t, log: {}, http: {url: a}}\n")[0]?.message).toContain(
      "2 kinds",
    );
    expect(sensor(dependency(), '  - template: {name: t, conditions: "a &&", log: {}}\n')[0]?.code).toBe(
      "SPEC_EXPRESSION",
    );
    expect(sensor(dependency(), '  - template: {name: t, conditions: "!a", log: {}}\n')[0]?.code).toBe(
      "SPEC_EXPRESSION",
    );
  });

  it("shows the very place where an expression goes wrong", () => {
    const issues = filtered("{exprs: [{expr: 'a > 1 && b ==) 2', fields: [{path: b, name: b}]}]}");

    expect(issues).toMatchObject([{ code: "SPEC_EXPRESSION", line: 6, col: 88 }]);
  });

  it("has filters that compile and can match", () => {
    const data = (filter: string) => filtered(`{data: [${filter}]}`).map((issue) => issue.code);

    expect(data("{path: a, type: string, value: ['a(b']}")).toEqual(["SPEC_EXPRESSION"]);
    expect(data("{path: a, type: string, value: ['(?=a)']}")).toEqual(["SPEC_EXPRESSION"]);
    expect(data("{path: a, type: number, value: ['x']}")).toEqual(["SPEC_NEVER"]);
    expect(data("{path: a, type: bool, value: ['yes']}")).toEqual(["SPEC_NEVER"]);
    expect(data("{path: a, type: string, comparator: '>', value: ['1']}")).toEqual(["SPEC_NEVER"]);
    expect(filtered("{exprs: [{expr: 'a >', fields: [{path: a, name: a}]}]}")[0]?.code).toBe(
      "SPEC_EXPRESSION",
    );
    expect(filtered("{context: {}}")[0]?.code).toBe("SPEC_NEVER");
    expect(filtered("{time: {start: '08:00:00', stop: '08:00:00'}}")[0]?.message).toContain(
      "is equal to start",
    );
    expect(filtered("{time: {start: '8', stop: '25:00:00', timezone: Mars/A}}")).toHaveLength(3);
  });

  it("says of what is not run yet that it is not", () => {
    const issues = sensor(
      dependency(", transform: {jq: .}, filters: {script: x}"),
      "  - template: {name: t, slack: {}, conditionsReset: [{byTime: {cron: '* * * * *'}}]}\n",
    );

    expect(issues.map((issue) => `${issue.code} ${issue.path}`)).toEqual([
      "SPEC_UNSUPPORTED spec.dependencies[0].transform",
      "SPEC_UNSUPPORTED spec.dependencies[0].filters.script",
      "SPEC_UNSUPPORTED spec.triggers[0].template.slack",
      "SPEC_UNSUPPORTED spec.triggers[0].template.conditionsReset",
    ]);
  });

  it("has templates and paths that compile in its parameters", () => {
    const parameter = (src: string) =>
      sensor(dependency(), `${logTrigger}    parameters: [{src: {dependencyName: a, ${src}}, dest: x}]\n`);

    expect(parameter("dataTemplate: '{{ .Input.body.a | upper }}', value: x")).toEqual([]);
    expect(parameter("dataTemplate: '{{ .Input.body.a '")[0]).toMatchObject({ code: "SPEC_EXPRESSION" });
    expect(parameter("dataKey: 'body.#(a==1'")[0]).toMatchObject({ code: "SPEC_EXPRESSION" });
    expect(parameter("dataKey: body, contextKey: id")[0]).toMatchObject({ severity: "warning" });
  });

  it("has a workflow in its trigger that is checked as any other, with positions", () => {
    const trigger =
      "  - template:\n      name: t\n      argoWorkflow:\n        operation: submit\n        source:\n          resource:\n" +
      "            apiVersion: argoproj.io/v1alpha1\n            kind: Workflow\n            metadata: {generateName: a-}\n" +
      "            spec:\n              entrypoint: mian\n              templates: [{name: main, container: {image: a, comand: [b]}}]\n";
    const fixed = trigger.replace("comand", "command");

    expect(sensor(dependency(), trigger)).toMatchObject([
      { code: "SPEC_FIELD_UNKNOWN", severity: "error", line: 19, hint: "did you mean 'command'?" },
    ]);
    expect(sensor(dependency(), fixed)).toMatchObject([
      { code: "SPEC_REFERENCE", severity: "warning", line: 18, col: 27, hint: "did you mean 'main'?" },
    ]);
  });

  it("keeps its retries in bounds", () => {
    const retry = (strategy: string) =>
      sensor(dependency(), `${logTrigger}    retryStrategy: ${strategy}\n`).map((issue) => issue.path);

    expect(retry("{steps: 3, duration: 10s, factor: 2, jitter: 0.5}")).toEqual([]);
    expect(retry("{steps: -1, duration: soon, factor: -2}")).toHaveLength(3);
  });
});

describe("an event source", () => {
  const kinds = { source: { webhook: z.strictObject({ port: z.string() }) }, trigger: {} };

  it("is checked by the schemas of its kinds, with positions", () => {
    const issues = lint("EventSource", '  webhook:\n    a: {port: "1"}\n    b: {prt: "1"}\n', { kinds });

    expect(issues).toMatchObject([
      { code: "SPEC_FIELD_MISSING", path: "spec.webhook.b.port" },
      {
        code: "SPEC_FIELD_UNKNOWN",
        path: "spec.webhook.b.prt",
        line: 7,
        col: 9,
        hint: "did you mean 'port'?",
      },
    ]);
  });

  it("of a kind that nothing runs says so", () => {
    expect(lint("EventSource", "  kafka: {a: {url: x, topic: y}}\n", { kinds })).toMatchObject([
      { code: "SPEC_UNSUPPORTED", path: "spec.kafka" },
    ]);
  });

  it("uses each event name once over all kinds, and warns when it has none", () => {
    expect(lint("EventSource", "  webhook: {a: {}}\n  calendar: {a: {}}\n")).toMatchObject([
      { code: "SPEC_NAME" },
    ]);
    expect(lint("EventSource", "  replicas: 1\n")).toMatchObject([
      { code: "SPEC_NEVER", severity: "warning" },
    ]);
  });

  it("without schemas still has only fields that its kind knows", () => {
    expect(lint("EventSource", "  webhook: {a: {endpoint: /a, prot: 1}}\n")).toMatchObject([
      { code: "SPEC_FIELD_UNKNOWN", hint: "did you mean 'port'?" },
    ]);
  });

  it("has filters that compile, and no two webhooks on one route", () => {
    expect(lint("EventSource", "  webhook: {a: {filter: {expression: 'a >'}}}\n")).toMatchObject([
      { code: "SPEC_EXPRESSION", path: "spec.webhook.a.filter.expression" },
    ]);
    const route = "{port: '1', endpoint: /a, method: POST}";
    expect(lint("EventSource", `  webhook: {a: ${route}, b: ${route}}\n`)).toMatchObject([
      { code: "SPEC_CONFLICT", path: "spec.webhook.b" },
    ]);
  });
});
