import { describe, expect, test } from "vitest";
import type { StepWork } from "../executor/work.ts";
import { type PatchedStep, patchedStep } from "./pod-patch.ts";

const step = (over: Partial<PatchedStep> = {}): PatchedStep => ({
  work: { kind: "container", container: { image: "busybox", command: ["echo"], args: ["hello"] } },
  pod: {},
  graceMs: 30_000,
  activeMs: undefined,
  ...over,
});

const patched = (text: string, over: Partial<PatchedStep> = {}, tags: Record<string, string> = {}) =>
  patchedStep(step(over), [{ text, tags }]);

describe("a podSpecPatch", () => {
  test("changes the step's own container under the name main, from YAML and from JSON", () => {
    const yaml = patched("containers:\n- name: main\n  image: alpine\n  args: [bye]\n");
    const json = patched('{"containers":[{"name":"main","image":"alpine","args":["bye"]}]}');

    expect(yaml.work).toMatchObject({ container: { image: "alpine", command: ["echo"], args: ["bye"] } });
    expect(json).toEqual(yaml);
  });

  test("is the workflow's first and the template's then", () => {
    const { work } = patchedStep(step(), [
      { text: "{containers: [{name: main, resources: {limits: {memory: 1Gi, cpu: 1}}}]}", tags: {} },
      { text: "{containers: [{name: main, resources: {limits: {cpu: 2}}}]}", tags: {} },
    ]);

    expect(work).toMatchObject({ container: { resources: { limits: { memory: "1Gi", cpu: 2 } } } });
  });

  test("keeps a script's source, whatever it says of its command", () => {
    const work: StepWork = { kind: "script", script: { image: "a", command: ["sh"], source: "echo 1" } };

    expect(patched("containers: [{name: main, command: [bash]}]", { work }).work).toMatchObject({
      kind: "script",
      script: { command: ["bash"], source: "echo 1" },
    });
  });

  test("adds and changes sidecars, init containers, volumes and fields of the pod", () => {
    const pod = {
      sidecars: [{ name: "side", image: "s" }],
      initContainers: [{ name: "prepare", image: "i" }],
      nodeSelector: { a: "1" },
    };
    const text = [
      "nodeSelector: {b: '2'}",
      "volumes: [{name: v, emptyDir: {}}]",
      "initContainers: [{name: prepare, image: j}]",
      "containers: [{name: side, image: t}, {name: more, image: m}]",
    ].join("\n");

    expect(patched(text, { pod }).pod).toEqual({
      sidecars: [
        { name: "side", image: "t" },
        { name: "more", image: "m" },
      ],
      initContainers: [{ name: "prepare", image: "j" }],
      nodeSelector: { a: "1", b: "2" },
      volumes: [{ name: "v", emptyDir: {} }],
    });
  });

  test("sets the pod's deadline and its grace", () => {
    expect(patched("{activeDeadlineSeconds: 5, terminationGracePeriodSeconds: 2}")).toMatchObject({
      activeMs: 5_000,
      graceMs: 2_000,
    });
    expect(patched("{activeDeadlineSeconds: null}", { activeMs: 9_000 }).activeMs).toBeUndefined();
  });

  test("changes the containers of a set by their names", () => {
    const work: StepWork = {
      kind: "containerSet",
      containerSet: { containers: [{ name: "a" }, { name: "b", dependencies: ["a"] }] },
    };
    const made = patched("containers: [{name: b, image: x}]", {
      work: work as unknown as PatchedStep["work"],
    });

    expect(made.work).toMatchObject({
      containerSet: { containers: [{ name: "a" }, { name: "b", image: "x", dependencies: ["a"] }] },
    });
  });

  test("says nothing of containers that only the incumbent's pods have", () => {
    const text =
      "containers: [{name: wait, resources: {limits: {cpu: 1}}}]\ninitContainers: [{name: init, env: []}]";

    expect(patched(text)).toEqual(patched("containers: [{name: main}]"));
  });

  test("writes out the mounts that a sidecar mirrors before it changes them", () => {
    const work: StepWork = {
      kind: "container",
      container: { image: "a", volumeMounts: [{ name: "v", mountPath: "/v" }] },
    };
    const pod = { sidecars: [{ name: "side", image: "s", mirrorVolumeMounts: true }] };

    expect(patched("containers: [{name: side, image: t}]", { work, pod }).pod).toMatchObject({
      sidecars: [{ name: "side", image: "t", volumeMounts: [{ name: "v", mountPath: "/v" }] }],
    });
  });

  test("does nothing to a step without a pod", () => {
    const work = { kind: "http", http: { url: "http://x" } } as const;

    expect(patched("hostNetwork: true", { work })).toEqual(step({ work }));
  });
});

describe("values in a podSpecPatch", () => {
  const hostile = 'x", "image": "evil", "y": "z\n- name: other\n  image: evil';

  test("stay inside the place of their tag, whatever is in them", () => {
    const json = patched(
      '{"containers":[{"name":"main","workingDir":"{{_value1}}"}]}',
      {},
      { _value1: hostile },
    );
    const yaml = patched("containers:\n- name: main\n  workingDir: {{_value1}}\n", {}, { _value1: hostile });

    for (const { work, pod } of [json, yaml]) {
      expect(work).toMatchObject({ container: { image: "busybox", workingDir: hostile } });
      expect(pod).toEqual({});
    }
  });

  test("are what YAML reads in them where they stand alone: a map for resources", () => {
    const text = '{"containers":[{"name":"main","resources":{"limits": {{_value1}} }}]}';

    expect(patched(text, {}, { _value1: '{"memory": "10Mi", "cpu": "100m"}' }).work).toMatchObject({
      container: { resources: { limits: { memory: "10Mi", cpu: "100m" } } },
    });
  });
});

describe("a wrong podSpecPatch is refused, in the incumbent's words", () => {
  test.each([
    ["no YAML", "containers: [", /^Error applying PodSpecPatch: invalid podSpecPatch "containers: \["/],
    ["no map", "just a text", /it is no map of fields of a pod/],
    ["an element without its name", "containers: [{image: a}]", /merge key 'name'/],
    ["a command that is no list", "containers: [{name: main, command: sh}]", /containers\.0\.command/],
    [
      "the main container taken away",
      "containers: [{name: main, $patch: delete}]",
      /takes the container 'main' away/,
    ],
    ["a deadline that is no number", "activeDeadlineSeconds: soon", /whole number of seconds/],
    ["containers that are no list", "containers: {name: main}", /containers is no list/],
  ])("%s", (_, text, message) => {
    expect(() => patched(text)).toThrow(expect.objectContaining({ message: expect.stringMatching(message) }));
  });
});
