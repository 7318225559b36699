import type { Template, WorkflowSpec } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { projectWorkflow } from "../project/workflow.ts";
import { aWorkflow, shTemplate, submission } from "../testing/a-workflow.ts";
import { PureRun, type Script } from "../testing/run-to-end.ts";
import { collectDefinitions } from "./collect.ts";
import type { ConfigMapContent, Definitions } from "./port.ts";

interface Applied {
  readonly templates?: Readonly<Record<string, WorkflowSpec>>;
  readonly configMaps?: Readonly<Record<string, ConfigMapContent>>;
}

/** What is applied in "default" (`namespaced/x`) and in no namespace (`cluster/x`). */
const applied = ({ templates = {}, configMaps = {} }: Applied): Definitions => ({
  template: async ({ namespace, name }) =>
    templates[`${namespace === undefined ? "cluster" : "namespaced"}/${name}`],
  configMap: async (_, name) => configMaps[name],
});

async function run(spec: Partial<WorkflowSpec>, what: Applied, script?: Script) {
  const workflow = aWorkflow(spec);
  const pure = new PureRun(workflow, script);
  await pure.define(applied(what));
  return pure.toEnd();
}

const step = (name: string, more: object) => ({ name, ...more });
const steps = (name: string, ...all: object[]) =>
  ({ name, steps: all.map((one) => [one]) }) as unknown as Template;
const says = (name: string): Template => ({
  name,
  inputs: { parameters: [{ name: "message" }] },
  container: { image: "busybox", command: ["echo"], args: ["{{inputs.parameters.message}}"] },
});
const message = (value: string) => ({ arguments: { parameters: [{ name: "message", value }] } });

describe("a templateRef", () => {
  const library = { templates: [says("say"), says("unused")] };

  test("gives its pods the labels of the resource that it names, under the template's own", async () => {
    const podMetadata = { labels: { team: "lib", tier: "base" }, annotations: { note: "lib" } };
    const own = { ...says("own"), metadata: { labels: { tier: "own" } } };
    const main = steps(
      "main",
      step("a", { templateRef: { name: "lib", template: "say" }, ...message("a") }),
      step("b", { templateRef: { name: "lib", template: "own" }, ...message("b") }),
    );
    const { started } = await run(
      { templates: [main], podMetadata: { labels: { team: "wf", run: "yes" } } },
      { templates: { "namespaced/lib": { podMetadata, templates: [says("say"), own] } } },
    );
    expect(started.map(({ metadata }) => metadata)).toMatchObject([
      { labels: { team: "lib", tier: "base", run: "yes" }, annotations: { note: "lib" } },
      { labels: { team: "lib", tier: "own", run: "yes" }, annotations: { note: "lib" } },
    ]);
  });

  test("may be named by the items of its loop, and by the workflow's parameters", async () => {
    const ref = { name: "{{item.from}}", template: "{{workflow.parameters.which}}" };
    const items = { withItems: [{ from: "lib" }, { from: "other" }], ...message("hi") };
    const main = steps("main", step("a", { templateRef: ref, ...items }));
    const task = { name: "main", dag: { tasks: [step("a", { templateRef: ref, ...items })] } } as Template;
    const other = { templates: [{ ...says("say"), container: { image: "theirs" } }] };
    const what = { templates: { "namespaced/lib": library, "namespaced/other": other } };

    for (const template of [main, task]) {
      const parameters = [{ name: "which", value: "say" }];
      const ended = await run({ templates: [template], arguments: { parameters } }, what);

      expect(ended.run.phase).toBe("Succeeded");
      expect(ended.started.map(({ work }) => work)).toMatchObject([
        { container: { image: "busybox" } },
        { container: { image: "theirs" } },
      ]);
    }
  });

  test("behind a template whose name is made of the run's parameters is found at the start", async () => {
    const far = steps("far", step("b", { templateRef: { name: "lib", template: "say" }, ...message("hi") }));
    const use = { template: "{{workflow.parameters.which}}{{item}}", withItems: ["r"] };
    const task = { name: "main", dag: { tasks: [step("a", use)] } } as Template;

    for (const template of [steps("main", step("a", use)), task]) {
      const parameters = [{ name: "which", value: "fa" }];
      const ended = await run(
        { templates: [template, far], arguments: { parameters } },
        { templates: { "namespaced/lib": library } },
      );
      expect(ended.run.phase).toBe("Succeeded");
      expect(ended.started).toHaveLength(1);
    }
  });

  test("of a loop's item that leads nowhere ends the run before it starts", async () => {
    const main = steps(
      "main",
      step("a", { templateRef: { name: "{{item}}", template: "say" }, withItems: ["no"] }),
    );
    const ended = await run({ templates: [main] }, { templates: { "namespaced/lib": library } });
    expect(ended.run).toMatchObject({
      phase: "Failed",
      message: "invalid spec: templates.main.steps[0].a template reference no.say not found",
    });
  });

  test("named by what a step made finds what the workflow refers to elsewhere, and nothing more", async () => {
    const made = shTemplate("made", { outputs: { parameters: [{ name: "which", value: "say" }] } });
    const late = (template: string) =>
      step("late", { templateRef: { name: "lib", template }, ...message("hi") });
    const value = "{{steps.made.outputs.parameters.which}}";
    const known = step("known", { templateRef: { name: "lib", template: "say" }, ...message("hi") });
    const what = { templates: { "namespaced/lib": library } };

    const main = steps("main", step("made", { template: "made" }), known, late(value));
    expect((await run({ templates: [main, made] }, what)).run.phase).toBe("Succeeded");

    const lost = steps("main", step("made", { template: "made" }), late(value));
    const ended = await run({ templates: [lost, made] }, what);
    expect(ended.node("late")).toMatchObject({
      phase: "Error",
      message: "template reference lib.say not found",
    });
  });

  test("runs the template of the other resource, and the node says where it comes from", async () => {
    const ref = { name: "lib", template: "say" };
    const main = steps("main", step("a", { templateRef: ref, ...message("hi") }));

    const ended = await run({ templates: [main] }, { templates: { "namespaced/lib": library } });

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.started[0]?.work).toMatchObject({ container: { args: ["hi"] } });
    const { nodes, storedTemplates } = projectWorkflow(ended.run).status;
    expect(nodes[ended.node("a").id]).toMatchObject({ templateRef: ref, templateScope: "local/wf" });
    expect(nodes[ended.node("a").id]).not.toHaveProperty("templateName");
    expect(Object.keys(storedTemplates as object)).toEqual(["namespaced/lib/say"]);
  });

  test("names inside it are names of its own resource, even where the workflow has the same", async () => {
    const outer = steps("outer", step("in", { template: "inner" }));
    const theirs = { templates: [outer, shTemplate("inner", { container: { image: "theirs" } })] };
    const main = steps(
      "main",
      step("a", { templateRef: { name: "lib", template: "outer", clusterScope: true } }),
    );

    const ended = await run(
      { templates: [main, shTemplate("inner", { container: { image: "ours" } })] },
      { templates: { "cluster/lib": theirs } },
    );

    expect(ended.started.map((s) => (s.work as { container: { image: string } }).container.image)).toEqual([
      "theirs",
    ]);
    expect(projectWorkflow(ended.run).status.nodes[ended.node("in").id]).toMatchObject({
      templateName: "inner",
      templateScope: "cluster/lib",
    });
  });

  test("is followed through further resources, hooks and circles", async () => {
    const one = steps("one", step("next", { templateRef: { name: "second", template: "two" } }));
    const back = step("back", { templateRef: { name: "first", template: "one" }, when: "1 == 2" });
    const hooks = { hooks: { exit: { templateRef: { name: "third", template: "bye" } } } };
    const two = steps("two", back, step("end", { template: "leaf", ...hooks }));

    const ended = await run(
      { templates: [steps("main", step("a", { templateRef: { name: "first", template: "one" } }))] },
      {
        templates: {
          "namespaced/first": { templates: [one] },
          "namespaced/second": { templates: [two, shTemplate("leaf")] },
          "namespaced/third": { templates: [shTemplate("bye")] },
        },
      },
    );

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.node("back").phase).toBe("Skipped");
    expect(ended.started.map((s) => s.node.template)).toEqual(["leaf", "bye"]);
  });

  test("takes the workflow's templateDefaults and retryStrategy, not those of its own resource", async () => {
    const theirs = {
      templates: [shTemplate("say")],
      retryStrategy: { limit: 5 },
      templateDefaults: { nodeSelector: { a: "theirs" } },
    };
    const main = steps("main", step("a", { templateRef: { name: "lib", template: "say" } }));

    const ended = await run(
      { templates: [main], templateDefaults: { nodeSelector: { a: "ours" } } },
      { templates: { "namespaced/lib": theirs } },
      () => ({ exitCode: 1 }),
    );

    expect(ended.started).toHaveLength(1);
    expect(ended.started[0]?.pod).toMatchObject({ nodeSelector: { a: "ours" } });
  });

  test.each([
    ["a resource that is not there", { name: "no", template: "t" }, "no.t"],
    ["a template that is not there", { name: "lib", template: "no" }, "lib.no"],
    ["a resource of the other scope", { name: "lib", template: "say", clusterScope: true }, "lib.say"],
  ])("to %s fails the run before anything starts", async (_, templateRef, shown) => {
    const main = steps("main", step("before", { template: "x" }), step("a", { templateRef, when: "1 == 2" }));

    const ended = await run(
      { templates: [main, shTemplate("x")] },
      { templates: { "namespaced/lib": library } },
    );

    expect(ended.run).toMatchObject({
      phase: "Failed",
      message: `invalid spec: templates.main.steps[1].a template reference ${shown} not found`,
    });
    expect(ended.started).toEqual([]);
  });
});

describe("a workflowTemplateRef", () => {
  const base: WorkflowSpec = {
    entrypoint: "say",
    suspend: true,
    onExit: "bye",
    arguments: {
      parameters: [
        { name: "message", value: "default", enum: ["default", "mine"] },
        { name: "kept", value: "from {{workflow.name}}" },
      ],
    },
    workflowMetadata: { labels: { from: "template", both: "template" } },
    templates: [says("say"), says("other"), shTemplate("bye"), shTemplate("unused")],
  };
  const from = (more: Partial<WorkflowSpec> = {}) => ({
    entrypoint: undefined,
    templates: undefined,
    workflowTemplateRef: { name: "base" },
    ...more,
  });
  const what = { templates: { "namespaced/base": base } };

  test("gives the workflow its spec; arguments and metadata of the workflow win, field by field", async () => {
    const ended = await run(
      from({ ...message("mine"), workflowMetadata: { labels: { both: "workflow" } } }),
      what,
    );

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.started[0]?.work).toMatchObject({ container: { args: ["mine"] } });
    expect(ended.run.parameters).toEqual(
      new Map([
        ["message", "mine"],
        ["kept", "from wf"],
      ]),
    );
    expect(ended.node("wf.onExit").phase).toBe("Succeeded");
    const { metadata, spec, status } = projectWorkflow(ended.run);
    expect(metadata.labels).toMatchObject({
      from: "template",
      both: "workflow",
      "workflows.argoproj.io/workflow-template": "base",
    });
    expect((spec as WorkflowSpec).templates).toBeUndefined();
    const stored = status["storedWorkflowTemplateSpec"] as WorkflowSpec;
    expect(stored.templates?.map((t) => t.name)).toEqual(["say", "bye"]);
  });

  test("keeps the template's enum for the workflow's argument", async () => {
    const ended = await run(from(message("foreign")), what);

    expect(ended.run).toMatchObject({
      phase: "Failed",
      message:
        "invalid spec: spec.arguments.message.value should be present in spec.arguments.message.enum list",
    });
  });

  test("starts at the workflow's entrypoint where it names one", async () => {
    const ended = await run(from({ entrypoint: "other" }), what);

    expect(ended.started.map((s) => s.node.template)).toEqual(["other", "bye"]);
  });

  test("that is not there is an error of the run, in Argo's words", async () => {
    const ended = await run(from({ workflowTemplateRef: { name: "base", clusterScope: true } }), what);

    expect(ended.run).toMatchObject({
      phase: "Error",
      message: 'clusterworkflowtemplates.argoproj.io "base" not found',
    });
  });
});

describe("a configMapKeyRef", () => {
  const labels = { "workflows.argoproj.io/configmap-type": "Parameter" };
  const configMaps = {
    config: { labels, data: { msg: "{{workflow.uid}} hi", other: "x" } },
    bare: { labels: {}, data: { msg: "no" } },
  };
  const ref = (name: string, key = "msg", more: object = {}) => ({
    valueFrom: { configMapKeyRef: { name, key }, ...more },
  });
  const leaf = (input: object): Template => ({
    ...says("main"),
    inputs: { parameters: [{ name: "message", ...input }] },
  });
  const args = (ended: Awaited<ReturnType<typeof run>>) =>
    ended.started.map((s) => (s.work as { container: { args: string[] } }).container.args[0]);

  test("gives an input its value, which is never rendered again; the argument beats it", async () => {
    const own = await run({ templates: [leaf(ref("config"))] }, { configMaps });
    const given = await run({ templates: [leaf(ref("config"))], ...message("mine") }, { configMaps });

    expect(args(own)).toEqual(["{{workflow.uid}} hi"]);
    expect(args(given)).toEqual(["mine"]);
  });

  test("of a workflow argument and of a step's argument is read, with tags in its name", async () => {
    const main = steps(
      "main",
      step("a", {
        template: "say",
        arguments: {
          parameters: [
            { name: "message", ...ref("con{{workflow.parameters.tail}}", "{{workflow.parameters.key}}") },
          ],
        },
      }),
    );

    const ended = await run(
      {
        arguments: {
          parameters: [
            { name: "tail", value: "fig" },
            { name: "key", ...ref("config", "other") },
          ],
        },
        templates: [main, says("say")],
      },
      { configMaps: { config: { labels, data: { other: "x", x: "found" } } } },
    );

    expect(args(ended)).toEqual(["found"]);
  });

  test("of which a key is named only when the step runs finds every key", async () => {
    const loop = step("a", {
      template: "say",
      withItems: ["msg", "other"],
      arguments: { parameters: [{ name: "message", ...ref("config", "{{item}}") }] },
    });

    const ended = await run({ templates: [steps("main", loop), says("say")] }, { configMaps });

    expect(args(ended)).toEqual(["{{workflow.uid}} hi", "x"]);
  });

  test("stores only the keys that are named", async () => {
    const fact = await collectDefinitions(
      applied({ configMaps }),
      submission(aWorkflow({ templates: [leaf(ref("config"))] })),
      1,
    );

    expect(fact.configMaps).toEqual({ config: { values: { msg: "{{workflow.uid}} hi" } } });
  });

  test("that is missing takes its default; without one the node is an error, or the run when it is its argument", async () => {
    const instead = await run({ templates: [leaf(ref("no", "msg", { default: "else" }))] }, { configMaps });
    const input = await run({ templates: [leaf(ref("no"))] }, { configMaps });
    const argument = await run(
      {
        templates: [says("main")],
        arguments: { parameters: [{ name: "message", ...ref("config", "nokey") }] },
      },
      { configMaps },
    );

    expect(args(instead)).toEqual(["else"]);
    expect(input.run).toMatchObject({
      phase: "Error",
      message: "error in entry template execution: ConfigMap 'no' does not exist (configmaps 'no' not found)",
    });
    expect(argument.run).toMatchObject({
      phase: "Failed",
      message:
        "failed to set global parameter message from configmap with name config and key nokey: ConfigMap 'config' does not have the key 'nokey'",
    });
  });

  test("without the label is refused even where there is a default", async () => {
    const ended = await run({ templates: [leaf(ref("bare", "msg", { default: "else" }))] }, { configMaps });

    expect(ended.run.message).toContain(
      "ConfigMap 'bare' needs to have the label workflows.argoproj.io/configmap-type: Parameter to load parameters",
    );
  });
});

test("tags in workflowMetadata are the run's own values", async () => {
  const ended = await run(
    {
      workflowMetadata: {
        labels: { job: "{{workflow.parameters.job}}" },
        annotations: { note: "{{workflow.name}} {{=sprig.upper(workflow.parameters.job)}}" },
        labelsFrom: { again: { expression: "workflow.labels.job + '{{workflow.parameters.job}}'" } },
      },
      arguments: { parameters: [{ name: "job", value: "nightly" }] },
    },
    {},
  );

  expect(ended.run.phase).toBe("Succeeded");
  const { metadata } = projectWorkflow(ended.run);
  expect(metadata.labels).toMatchObject({ job: "nightly", again: "nightlynightly" });
  expect(metadata["annotations"]).toEqual({ note: "wf NIGHTLY" });
});

describe("labelsFrom", () => {
  const labelled = (expression: string) =>
    run(
      {
        workflowMetadata: {
          labels: { team: "a" },
          annotations: { note: "b" },
          labelsFrom: { foo: { expression } },
        },
        arguments: { parameters: [{ name: "p", value: "bar" }] },
      },
      {},
    );

  test("is evaluated over the globals, and is a label from the start", async () => {
    const ended = await labelled("workflow.parameters.p + '-' + workflow.labels.team");

    const { metadata } = projectWorkflow(ended.run);
    expect(metadata.labels).toMatchObject({ team: "a", foo: "bar-a" });
    expect(metadata["annotations"]).toEqual({ note: "b" });
  });

  test.each([
    ["1", 'label "foo" expression "1" evaluated to number but must be a string'],
    ["'a b'", 'invalid label value "a b" for label "foo"'],
    ["nothing.here", 'failed to evaluate label "foo" expression "nothing.here"'],
  ])("%s is an error of the run", async (expression, said) => {
    const ended = await labelled(expression);

    expect(ended.run.phase).toBe("Error");
    expect(ended.run.message).toContain(said);
    expect(ended.started).toEqual([]);
  });
});

test("a run that needs definitions starts nothing at the claim, and the same facts give the same run", async () => {
  const main = steps("main", step("a", { templateRef: { name: "lib", template: "say" }, ...message("hi") }));
  const workflow = aWorkflow({ templates: [main] });
  const pure = new PureRun(workflow);
  expect([pure.run.phase, pure.run.nodes.size]).toEqual(["Pending", 0]);
  await pure.define(applied({ templates: { "namespaced/lib": { templates: [says("say")] } } }));
  const ended = pure.toEnd();

  const again = new PureRun(workflow, () => ({ forever: true }));
  for (const fact of ended.facts.slice(2)) again.fact(fact);
  expect(projectWorkflow(again.run)).toEqual(projectWorkflow(ended.run));
});

test("a stop that comes before the definitions ends the run when they are there", async () => {
  const main = steps("main", step("a", { templateRef: { name: "lib", template: "say" } }));
  const pure = new PureRun(aWorkflow({ templates: [main] }));
  pure.fact({ type: "stop", at: pure.now, by: "x", strategy: "Terminate" });
  await pure.define(applied({ templates: { "namespaced/lib": { templates: [shTemplate("say")] } } }));

  const ended = pure.toEnd();

  expect(ended.run).toMatchObject({ phase: "Failed", message: "Stopped with strategy 'Terminate'" });
  expect(ended.started).toEqual([]);
});

test("a library of 200 templates costs a run the one that it uses", async () => {
  const templates = Array.from({ length: 200 }, (_, i) => says(`t${i}`));
  const main = steps("main", step("a", { templateRef: { name: "lib", template: "t7" } }));

  const fact = await collectDefinitions(
    applied({ templates: { "namespaced/lib": { templates } } }),
    submission(aWorkflow({ templates: [main] })),
    1,
  );

  expect(fact.templates).toEqual({ "namespaced/lib": [templates[7]] });
});
