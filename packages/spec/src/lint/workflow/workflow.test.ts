import { describe, expect, it } from "vitest";
import type { Issue } from "../../issue.ts";
import { loadManifests } from "../../manifest.ts";
import { cronHint } from "../almost-tags.ts";
import { lintManifests } from "../index.ts";

/** Issues of a workflow with this spec; schema errors fail the test. */
function lintSpec(spec: string, executor?: "local" | "kubernetes"): readonly Issue[] {
  const text = `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: a-}\nspec:\n${spec}`;
  const { manifests, issues } = loadManifests(text, { file: "f.yaml" });
  expect(issues).toEqual([]);
  return lintManifests(manifests, { executor });
}
const said = (spec: string) => lintSpec(spec).map((issue) => `${issue.code} ${issue.message}`);

const leaf = "  - {name: leaf, inputs: {parameters: [{name: p}]}, container: {image: alpine}}\n";
const plain = "  - {name: plain, container: {image: alpine}}\n";
const withSteps = (steps: string, more = "") =>
  `  entrypoint: main\n  templates:\n${plain}${leaf}${more}  - name: main\n    steps:\n${steps}`;
const withTasks = (tasks: string, more = "") =>
  `  entrypoint: main\n  templates:\n${plain}${leaf}${more}  - name: main\n    dag:\n      tasks:\n${tasks}`;

describe("volumes that are mounted", () => {
  const mounting = (spec: string, template = "") =>
    lintSpec(`  entrypoint: a
${spec}  templates:
  - name: a
${template}    container: {image: b, volumeMounts: [{name: work, mountPath: /w}]}
    sidecars: [{name: s, image: b, volumeMounts: [{name: wrok, mountPath: /w}]}]
`).map(({ severity, message, hint }) => `${severity}: ${message}: ${hint}`);

  it("are declared somewhere; else it is a warning with the nearest name", () => {
    const declare = "declare it in spec.volumes, or in the template's volumes";
    const missing = (name: string, hint: string) =>
      `warning: volume '${name}' not found in workflow spec: ${hint}`;
    expect(mounting("")).toEqual([missing("work", declare), missing("wrok", declare)]);
    const near = [missing("wrok", "did you mean 'work'?")];
    expect(mounting("  volumes: [{name: work, emptyDir: {}}]\n")).toEqual(near);
    expect(mounting("  volumeClaimTemplates: [{metadata: {name: work}}]\n")).toEqual(near);
    expect(mounting("", "    volumes: [{name: work, emptyDir: {}}]\n")).toEqual(near);
  });

  it("may come from a patch, or have a name that is made later", () => {
    expect(mounting("", "    podSpecPatch: '{}'\n")).toEqual([]);
    expect(mounting("  volumes: [{name: '{{workflow.name}}', emptyDir: {}}]\n")).toEqual([]);
  });
});

describe("a workflow's names and references", () => {
  it("says which group of inputs was meant", () => {
    const read = (tag: string) =>
      lintSpec(
        `  entrypoint: a\n  templates:\n  - {name: a, container: {image: a, args: ["{{${tag}}}"]}}\n`,
      )[0]?.hint;

    expect(read("inputs.parameter.x")).toBe("did you mean 'inputs.parameters.x'?");
    expect(read("inputs.x.y")).toBe("inputs are inputs.parameters.NAME and inputs.artifacts.NAME");
    expect(read("inputs.parameters.x")).toBe("add 'x' to the template's inputs.parameters");
  });

  it("must point at templates that exist", () => {
    expect(said("  templates:\n  - {name: plain, container: {image: a}}\n")).toEqual([
      "SPEC_FIELD_MISSING spec.entrypoint is required",
    ]);
    const issues = lintSpec(`  entrypoint: plan\n  onExit: nope\n  templates:\n${plain}`);
    expect(issues.filter((issue) => issue.severity === "error")).toMatchObject([
      { code: "SPEC_REFERENCE", line: 5, col: 15, hint: "did you mean 'plain'?" },
      { code: "SPEC_REFERENCE", line: 6 },
    ]);
  });

  it("must be well formed and unique", () => {
    expect(
      said(`  entrypoint: plain\n  templates:\n${plain}${plain}  - {name: a b, container: {image: a}}\n`),
    ).toEqual([
      "SPEC_NAME spec.templates[1].name 'plain' is not unique",
      expect.stringContaining("SPEC_NAME spec.templates[2].name: 'a b' is invalid"),
    ]);
    expect(
      said(withSteps("    - - {name: x, template: plain}\n      - {name: x, template: plain}\n")),
    ).toEqual(["SPEC_NAME templates.main.steps[0].name 'x' is not unique"]);
  });

  it("give a template exactly one body", () => {
    expect(said("  entrypoint: a\n  templates:\n  - {name: a}\n")[0]).toContain("template type unspecified");
    expect(
      said("  entrypoint: a\n  templates:\n  - {name: a, suspend: {}, container: {image: b}}\n")[0],
    ).toContain("multiple template types specified");
  });

  it("keep fields to the templates that take them", () => {
    const spec =
      "  entrypoint: a\n  templates:\n  - {name: a, parallelism: 1, timeout: '5', container: {image: b}}\n" +
      "  - {name: b, timeout: 5s, activeDeadlineSeconds: 3, dag: {tasks: [{name: x, template: a}]}}\n";

    expect(said(spec)).toEqual([
      "SPEC_CONFLICT templates.a.parallelism is only valid for steps and dag templates",
      "SPEC_VALUE templates.a has invalid duration format in timeout.",
      "SPEC_CONFLICT templates.b: DAG template doesn't support timeout field.",
      "SPEC_CONFLICT templates.b.activeDeadlineSeconds is only valid for leaf templates",
    ]);
  });
});

describe("arguments and outputs", () => {
  it("must give every input without a default a value", () => {
    expect(said(withSteps("    - - {name: x, template: leaf}\n"))).toEqual([
      "SPEC_ARGUMENT templates.main.steps[0].x templates.leaf inputs.parameters.p was not supplied",
    ]);
    expect(said(withTasks("      - {name: x, template: leaf}\n"))).toEqual([
      "SPEC_ARGUMENT templates.main.tasks.x templates.leaf inputs.parameters.p was not supplied",
    ]);
    expect(said(`  entrypoint: leaf\n  templates:\n${leaf}`)[0]).toContain(
      "inputs.parameters.p was not supplied",
    );
  });

  it("must come from one place that fits the template", () => {
    const outputs = (list: string) =>
      said(
        `  entrypoint: a\n  templates:\n  - {name: a, container: {image: b}, outputs: {parameters: [${list}]}}\n`,
      );

    expect(outputs("{name: o}")[0]).toContain("does not have valueFrom or value specified");
    expect(outputs("{name: o, value: x, valueFrom: {path: /a}}")[0]).toContain(
      "has both valueFrom and value",
    );
    expect(outputs("{name: o, valueFrom: {default: x}}")[0]).toContain("valueFrom type unspecified");
    expect(outputs("{name: o, valueFrom: {path: /a, expression: b}}")[0]).toContain(
      "multiple valueFrom types",
    );
    expect(outputs('{name: o, valueFrom: {parameter: "x"}}')[0]).toContain(
      ".path must be specified for Container templates",
    );
  });

  it("keep to their enum", () => {
    const spec = `  entrypoint: plain\n  arguments: {parameters: [{name: a, value: x, enum: [y, z]}]}\n  templates:\n${plain}`;

    expect(said(spec)).toEqual([
      "SPEC_VALUE spec.arguments.a.value should be present in spec.arguments.a.enum list",
    ]);
  });
});

describe("loops", () => {
  it("are one loop with one end", () => {
    const step = (loop: string) => said(withSteps(`    - - {name: x, template: plain, ${loop}}\n`));

    expect(step("withItems: [1], withParam: '[]'")[0]).toContain(
      "only one of withItems, withParam, withSequence",
    );
    expect(step("withSequence: {count: 2, end: 3}")[0]).toContain("only one of count or end can be defined");
    expect(step("withSequence: {start: 1}")[0]).toContain("count or end");
    expect(step('withSequence: {count: "x"}')[0]).toContain("must be a whole number");
    expect(step('withSequence: {count: "{{workflow.parameters.n}}"}')[0]).toContain("failed to resolve");
  });
});

describe("variables", () => {
  const echo = (tag: string) =>
    `    - - {name: x, template: leaf, withItems: [{k: 1}], arguments: {parameters: [{name: p, value: "{{${tag}}}"}]}}\n`;
  const unresolved = (spec: string) =>
    lintSpec(spec)
      .filter((issue) => issue.code === "SPEC_UNRESOLVED")
      .map((issue) => issue.message);

  it("resolve where they have a value", () => {
    for (const tag of [
      "item",
      "item.k",
      "workflow.name",
      "workflow.creationTimestamp.Y",
      "foo.bar",
      "=1 + 1",
    ]) {
      expect(unresolved(withSteps(echo(tag)))).toEqual([]);
    }
  });

  it("are refused, at their place in the text, where they have none", () => {
    for (const tag of [
      "item.j",
      "workflow.parameters.x",
      "steps.x.id",
      "steps.y.id",
      "inputs.parameters.q",
    ]) {
      expect(unresolved(withSteps(echo(tag)))).toEqual([`failed to resolve {{${tag}}}`]);
    }
    const script =
      "  entrypoint: a\n  templates:\n  - name: a\n    script:\n      image: b\n      source: |\n        one\n        two {{inputs.parameters.x}}\n";
    expect(lintSpec(script)).toMatchObject([{ code: "SPEC_UNRESOLVED", line: 12, col: 13 }]);
  });

  it("of a step exist in later groups only", () => {
    const later =
      "    - - {name: x, template: plain}\n" +
      '    - - {name: y, template: leaf, arguments: {parameters: [{name: p, value: "{{steps.x.outputs.result}}"}]}}\n';
    const same = later.replace("    - - {name: y", "      - {name: y");

    expect(unresolved(withSteps(later))).toEqual([]);
    expect(unresolved(withSteps(same))).toEqual(["failed to resolve {{steps.x.outputs.result}}"]);
  });

  it("of a task exist in the tasks that wait for it, near or far", () => {
    const chain = (depends: string) =>
      "      - {name: a, template: plain}\n      - {name: b, template: plain, depends: a}\n" +
      `      - {name: c, template: leaf${depends}, arguments: {parameters: [{name: p, value: "{{tasks.a.status}}"}]}}\n`;

    expect(unresolved(withTasks(chain(", depends: b.Failed")))).toEqual([]);
    expect(unresolved(withTasks(chain("")))).toEqual([
      "templates.main.tasks.c missing dependency 'a' for parameter 'p': failed to resolve {{tasks.a.status}}",
    ]);
  });

  it("name outputs that the called template has", () => {
    const more =
      "  - {name: out, container: {image: a}, outputs: {parameters: [{name: good, valueFrom: {path: /x}}]}}\n";
    const use = (name: string) =>
      "    - - {name: x, template: out}\n" +
      `    - - {name: y, template: leaf, arguments: {parameters: [{name: p, value: "{{steps.x.outputs.parameters.${name}}}"}]}}\n`;

    expect(unresolved(withSteps(use("good"), more))).toEqual([]);
    expect(lintSpec(withSteps(use("god"), more))).toMatchObject([{ hint: "did you mean 'good'?" }]);
  });

  it("of the workflow's end exist in exit handlers", () => {
    const handler =
      '  - {name: bye, container: {image: a, args: ["{{workflow.failures}} {{workflow.status}}"]}}\n';

    expect(unresolved(`  entrypoint: plain\n  onExit: bye\n  templates:\n${plain}${handler}`)).toEqual([]);
    expect(unresolved(`  entrypoint: bye\n  templates:\n${handler}`)).toEqual([
      "failed to resolve {{workflow.failures}}",
    ]);
  });
});

describe("a dag", () => {
  it("names tasks that exist", () => {
    const issues = lintSpec(
      withTasks(
        "      - {name: a, template: plain}\n      - {name: b, template: plain, depends: a && aa.Failed}\n",
      ),
    );

    expect(issues).toMatchObject([
      { message: "templates.main.tasks.b dependency 'aa' not defined", hint: "did you mean 'a'?" },
    ]);
    expect(issues[0]?.col).toBe(50);
  });

  it("has no circle", () => {
    expect(
      said(
        withTasks(
          "      - {name: a, template: plain, depends: b}\n      - {name: b, template: plain, depends: a}\n",
        ),
      ),
    ).toEqual(["SPEC_CYCLE templates.main sorting failed: dependency cycle detected: a->b->a"]);
    expect(said(withTasks("      - {name: a, template: plain, dependencies: [a]}\n"))).toEqual([
      "SPEC_CYCLE templates.main sorting failed: dependency cycle detected: a->a",
    ]);
  });

  it("does not mix the two ways to wait, and uses results that exist", () => {
    const both =
      "      - {name: a, template: plain}\n      - {name: b, template: plain, depends: a}\n      - {name: c, template: plain, dependencies: [a]}\n";
    const items =
      "      - {name: a, template: plain}\n      - {name: b, template: plain, depends: a.AnySucceeded}\n";
    const wrong =
      "      - {name: a, template: plain}\n      - {name: b, template: plain, depends: a.Succeded}\n";
    const forgiven =
      "      - {name: a, template: plain}\n      - {name: b, template: plain, depends: a, continueOn: {failed: true}}\n";

    expect(said(withTasks(both))[0]).toContain("cannot use both 'depends' and 'dependencies'");
    expect(said(withTasks(items))[0]).toContain("uses an items-based condition");
    expect(said(withTasks(wrong))).toEqual(["SPEC_VALUE task result 'Succeded' for task 'a' is invalid"]);
    expect(said(withTasks(forgiven))[0]).toContain("cannot use 'continueOn' when using 'depends'");
  });

  it("of five thousand tasks in a row is checked in reasonable time", () => {
    const tasks = Array.from(
      { length: 5_000 },
      (_, i) => `      - {name: t${i}, template: plain${i === 0 ? "" : `, depends: t${i - 1}`}}\n`,
    );

    expect(said(withTasks(tasks.join("")))).toEqual([]);
  });
});

describe("recursion", () => {
  it("without any condition on the way is a warning", () => {
    const again = (when: string) => withSteps(`    - - {name: x, template: main${when}}\n`);

    expect(lintSpec(again(""))).toMatchObject([{ code: "SPEC_CYCLE", severity: "warning" }]);
    expect(lintSpec(again(', when: "{{workflow.name}} == x"'))).toEqual([]);
  });
});

describe("what is not run yet", () => {
  it("is an error that names the field, and never silent", () => {
    const spec =
      "  entrypoint: a\n  executorPlugins: [{a: b}]\n  templates:\n  - {name: a, sidecars: [], container: {image: b}}\n" +
      "  - {name: h, plugin: {a: {}}}\n  - name: s\n    steps: [[{name: x, templateRef: {name: w, template: t}}]]\n" +
      "  - {name: o, container: {image: b}, outputs: {artifacts: [{name: z, path: /z, s3: {key: k, bucket: b}}]}}\n";

    expect(lintSpec(spec).map((issue) => `${issue.code} ${issue.path}`)).toEqual([
      "SPEC_UNSUPPORTED spec.executorPlugins",
      "SPEC_UNSUPPORTED spec.templates[1].plugin",
      "SPEC_REFERENCE spec.templates[2].steps[0][0].templateRef.name",
      "SPEC_UNSUPPORTED spec.templates[3].outputs.artifacts[0].s3.bucket",
    ]);
  });

  it("is told where pods would be kept that are not", () => {
    const spec = (podGC: string) => `  entrypoint: plain\n  podGC: ${podGC}\n  templates:\n${plain}`;
    const kept = (podGC: string) =>
      lintSpec(spec(podGC), "kubernetes").map(({ severity, path }) => `${severity} ${path}`);

    expect(kept("{strategy: OnPodSuccess}")).toEqual(["warning spec.podGC.strategy"]);
    expect(kept("{labelSelector: {matchLabels: {a: b}}}")).toEqual(["warning spec.podGC.labelSelector"]);
    expect(kept("{strategy: OnPodCompletion}")).toEqual([]);
    expect(lintSpec(spec("{strategy: OnPodSuccess}"), "local")).toEqual([]);
  });

  it("is a warning for fields of pods when steps run locally", () => {
    const spec = `  entrypoint: plain\n  nodeSelector: {a: b}\n  templates:\n${plain}`;

    expect(lintSpec(spec)).toEqual([]);
    expect(lintSpec(spec, "local")).toMatchObject([{ code: "SPEC_EXECUTOR", severity: "warning" }]);
  });
});

describe("expressions", () => {
  it("are compiled where they stand", () => {
    const broken =
      "  entrypoint: a\n  templates:\n  - name: a\n    retryStrategy: {expression: 'a ='}\n    container: {image: b, args: ['{{= 1 + }}']}\n";

    expect(lintSpec(broken).map((issue) => `${issue.code} ${issue.path}`)).toEqual([
      "SPEC_EXPRESSION spec.templates[0].retryStrategy.expression",
      "SPEC_EXPRESSION spec.templates[0].container.args[0]",
    ]);
  });

  it("of a when are read with their tags as operands", () => {
    const when = (text: string) => lintSpec(withSteps(`    - - {name: x, template: plain, when: ${text}}\n`));

    expect(when('"{{workflow.name}} == heads"')).toEqual([]);
    expect(when('"{{=workflow.name}} == heads && true"')).toEqual([]);
    expect(when("'a =='")).toMatchObject([{ code: "SPEC_EXPRESSION", severity: "error" }]);
    expect(when("'{{workflow.name}} =='")).toMatchObject([{ code: "SPEC_EXPRESSION", severity: "error" }]);
  });

  const use = (expression: string) =>
    lintSpec(
      `  entrypoint: a\n  templates:\n  - {name: a, inputs: {parameters: [{name: n, value: 1}]}, container: {image: b, args: ["{{=${expression}}}"]}}\n`,
    ).map(({ severity, message, hint }) => `${severity}: ${message}: ${hint}`);

  it("of an output with a default may read what is never there", () => {
    const output = (more: string) =>
      lintSpec(`  entrypoint: a
  templates:
  - name: a
    steps: [[{name: s, template: b}]]
    outputs: {parameters: [{name: o, valueFrom: {expression: steps.s.outputs.parameters.x${more}}}]}
  - {name: b, container: {image: b}}
`).map(({ severity }) => severity);
    expect(output("")).toEqual(["error"]);
    expect(output(", default: d")).toEqual(["warning"]);
  });

  it("that read what can never be there are refused, unless they say what holds then", () => {
    expect(use("inputs.parameters.m")).toEqual([
      expect.stringMatching(/^error: 'inputs.parameters.m' has no value at this place/),
    ]);
    expect(use("inputs.parameters.m ?? 'x'")).toEqual([expect.stringMatching(/^warning: /)]);
    expect(use("input.parameters.n")).toEqual([
      "error: 'input.parameters.n' has no value at this place: did you mean 'inputs'?",
    ]);
    expect(use("cronworkflow.name")).toEqual([
      `error: 'cronworkflow.name' has no value at this place: ${cronHint}`,
    ]);
    expect(use("steps.x.status")).toEqual([expect.stringMatching(/^error: 'steps.x.status'/)]);
    expect(use("map([1], {# + len(inputs.parameters)})")).toEqual([]);
    expect(use("let x = inputs.parameters.n; x + 'y'")).toEqual([]);
  });

  it("that call what does not exist, or with too few arguments, are refused", () => {
    expect(use("asInteger(inputs.parameters.n)")[0]).toContain("error: unknown function 'asInteger'");
    expect(use("uper('a')")).toEqual(["error: unknown function 'uper': did you mean 'upper'?"]);
    expect(use("sprig.trimm('a')")).toEqual(["error: unknown function 'sprig.trimm': did you mean 'trim'?"]);
    expect(use("replace('a', 'b')")[0]).toContain("error: replace() takes 3 to 4 arguments, got 2");
    expect(use("now().Format('2006') + sprig.upper('a')")).toEqual([]);
  });

  it("that compare a text with a number are warned of, where they stand", () => {
    expect(use("inputs.parameters.n > 1")).toEqual([
      "warning: '>' between a text and a number fails: parameters, statuses and exit codes are texts: use asInt(…) or asFloat(…), or quote the number",
    ]);
    expect(use("asInt(inputs.parameters.n) > 1 && workflow.status == 'Running'")).toEqual([]);
    expect(use("workflow.name == 3")[0]).toContain("'==' between a text and a number is always false");
    expect(use("workflow.name && true")[0]).toContain("and wants true or false, got a text");
  });

  it("that must be true or false and never are, are warned of", () => {
    const retry = (expression: string) =>
      lintSpec(
        `  entrypoint: a\n  templates:\n  - {name: a, retryStrategy: {expression: "${expression}"}, container: {image: b}}\n`,
      ).map(({ code }) => code);

    expect(retry("asInt(lastRetry.exitCode)")).toEqual(["SPEC_NEVER"]);
    expect(retry("asInt(lastRetry.exitCode) > 1 or lastRetry.status == 'Error'")).toEqual([]);
  });
});

describe("a lock that is named twice", () => {
  const spec = (locks: string): string =>
    `  entrypoint: t\n  synchronization: ${locks}\n  templates: [{name: t, suspend: {}}]\n`;
  const twice = (locks: string): readonly string[] =>
    lintSpec(spec(locks)).flatMap(({ severity, message }) => (message.includes("twice") ? [severity] : []));

  it("is a warning", () => {
    expect(twice("{mutexes: [{name: a}, {name: b}, {name: a}]}")).toEqual(["warning"]);
    expect(twice("{semaphores: [{database: {key: a}}, {database: {key: a}}]}")).toEqual(["warning"]);
  });

  it("is none in another namespace, or as a database's", () => {
    expect(twice("{mutexes: [{name: a}, {name: a, namespace: b}, {name: a, database: true}]}")).toEqual([]);
  });
});

describe("a podSpecPatch", () => {
  const patched = (patch: string) =>
    `  entrypoint: main\n  templates:\n  - name: main\n    podSpecPatch: |\n${patch.replace(/^/gm, "      ")}\n    container: {image: b, command: [c]}\n`;
  const found = (patch: string, executor?: "local") =>
    lintSpec(patched(patch), executor).map(({ code, severity, message }) => `${severity} ${code} ${message}`);

  it.each([
    ["YAML", "containers:\n- name: main\n  image: x"],
    [
      "JSON with tags for values and for maps",
      '{"containers":[{"name":"main","resources":{"limits": {{workflow.name}} }}]}',
    ],
    ["a tag alone", "{{workflow.name}}"],
    ["directives", "containers: [{name: main, env: [{$patch: delete, name: A}]}]"],
    ["nothing", ""],
  ])("may be %s", (_, patch) => {
    expect(found(patch)).toEqual([]);
  });

  it.each([
    ["no YAML", "containers: [", "error SPEC_VALUE templates.main.podSpecPatch is no YAML"],
    ["no map", "text", "error SPEC_VALUE templates.main.podSpecPatch is no map of fields of a pod"],
    [
      "an element without its key",
      "containers: [{image: x}]",
      "error SPEC_VALUE templates.main.podSpecPatch: an element",
    ],
    [
      "a field that no pod has",
      "container: [{name: main}]",
      "warning SPEC_FIELD_UNKNOWN templates.main.podSpecPatch",
    ],
  ])("that is %s is found", (_, patch, said) => {
    expect(found(patch)).toEqual([expect.stringContaining(said)]);
  });

  it("is placed at the line that is wrong", () => {
    const [twice] = lintSpec(patched("containers:\n- name: main\n  name: other"));
    const [open] = lintSpec(patched("containers:\n- name: main\n  image: [x"));

    expect(twice).toMatchObject({ path: "spec.templates[0].podSpecPatch", line: 11, col: 9 });
    expect(open?.line).toBe(11);
  });

  it("warns of what has no effect on local steps", () => {
    expect(found("{nodeSelector: {a: b}, activeDeadlineSeconds: 5}", "local")).toEqual([
      "warning SPEC_EXECUTOR 'nodeSelector' of a podSpecPatch has no effect on the local executor",
    ]);
  });
});
