import type { StepRequest } from "@sluice/engine";
import { shStep } from "@sluice/engine/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unexpanded } from "./logs/wrapper.ts";
import { podName, stepLabel } from "./names.ts";
import { buildPod, sideNames } from "./pod.ts";

const place = { namespace: "ci", mark: "::mark::", now: 1_000_000 };
const settings = { installId: "one" };
const build = (step: StepRequest, more: Partial<Parameters<typeof buildPod>[1]> = {}) =>
  buildPod(step, { ...settings, ...more }, place);

interface Spec {
  readonly [field: string]: unknown;
  readonly containers: readonly Record<string, unknown>[];
}
const specOf = (...args: Parameters<typeof build>): Spec => build(...args)["spec"] as Spec;
const mainOf = (...args: Parameters<typeof build>) => specOf(...args).containers[0] ?? {};

const plain = (container: object, over: Partial<StepRequest> = {}): StepRequest =>
  shStep("", { work: { kind: "container", container: { image: "busybox", ...container } }, ...over });
const outputPaths = [{ name: "out", path: "/tmp/it's" }];

describe("a pod's name", () => {
  test("is a DNS label for any names, the same for the same step, another for another", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.uuid(), fc.uuid(), (run, template, a, b) => {
        const step = (id: string): StepRequest => {
          const base = shStep("", { id });
          return { ...base, run: { ...base.run, name: run }, node: { ...base.node, template } };
        };
        expect(podName(step(a))).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
        expect(podName(step(a))).toBe(podName(step(a)));
        if (a !== b) expect(podName(step(a))).not.toBe(podName(step(b)));
        expect(stepLabel(a)).toMatch(/^[a-f0-9]{40}$/);
      }),
    );
  });
});

describe("a plain container", () => {
  test("goes into the pod as it is written", () => {
    const main = mainOf(plain({ args: ["echo", "$(HOME)"], env: [{ name: "A", value: "b" }] }));

    expect(main).toMatchObject({ name: "main", image: "busybox", args: ["echo", "$(HOME)"] });
    expect(main).not.toHaveProperty("command");
    expect(main["env"]).toContainEqual({ name: "A", value: "b" });
  });

  test("gets no API token, and no gain of privileges, unless its workflow asks", () => {
    expect(specOf(plain({}))).toMatchObject({ automountServiceAccountToken: false, restartPolicy: "Never" });
    expect(specOf(plain({}, { pod: { serviceAccountName: "me" } }))).not.toHaveProperty(
      "automountServiceAccountToken",
    );
    expect(mainOf(plain({}))["securityContext"]).toEqual({ allowPrivilegeEscalation: false });
    expect(mainOf(plain({ securityContext: { privileged: true } }))["securityContext"]).toEqual({
      privileged: true,
    });
  });

  test("takes defaults only where its workflow says nothing", () => {
    const podDefaults = {
      imagePullPolicy: "IfNotPresent",
      resources: { limits: { cpu: "1" } },
      spec: { nodeSelector: { a: "default" }, priorityClassName: "low" },
    } as const;
    const step = plain({ imagePullPolicy: "Never" }, { pod: { nodeSelector: { a: "own" } } });

    expect(mainOf(step, { podDefaults })).toMatchObject({
      imagePullPolicy: "Never",
      resources: podDefaults.resources,
    });
    expect(specOf(step, { podDefaults })).toMatchObject({
      nodeSelector: { a: "own" },
      priorityClassName: "low",
    });
  });

  test("keeps our labels whatever its workflow calls its own", () => {
    const labels = { "sluice.dev/install": "other", app: "x" };
    const pod = build(plain({}, { metadata: { labels, annotations: { "sluice.dev/step-id": "other" } } }));

    expect(pod.metadata.labels).toMatchObject({ "sluice.dev/install": "one", app: "x" });
    expect(pod.metadata.annotations?.["sluice.dev/step-id"]).not.toBe("other");
  });

  test("has a backup deadline later than its own", () => {
    const step = plain({}, { deadlineAt: place.now + 60_000, graceMs: 5_000 });
    expect(specOf(step)).toMatchObject({ activeDeadlineSeconds: 95, terminationGracePeriodSeconds: 5 });
  });
});

describe("a step that needs the wrapper", () => {
  test("hands its command to the wrapper as arguments, and its volumes stay", () => {
    const volumes = [{ name: "mine", emptyDir: {} }];
    const step = plain({ command: ["echo"], args: ["a b"] }, { outputPaths, pod: { volumes } });

    expect(mainOf(step)).toMatchObject({
      command: ["/bin/sh", "-c", expect.stringContaining("file 0"), "sluice"],
      args: ["echo", "a b"],
    });
    expect(specOf(step)["volumes"]).toEqual([...volumes, { name: "sluice-scratch", emptyDir: {} }]);
  });

  test("is one that may say how far it is: its template names the file, or says it itself", () => {
    const named = plain({ command: ["sh", "-c", 'echo 1/2 >"$ARGO_PROGRESS_FILE"'] });
    const said = plain(
      { command: ["work"] },
      { metadata: { labels: {}, annotations: { "workflows.argoproj.io/progress": "0/9" } } },
    );
    for (const step of [named, said]) {
      expect(mainOf(step)["command"]).toEqual([
        expect.any(String),
        "-c",
        expect.stringContaining("said"),
        "sluice",
      ]);
      expect(mainOf(step)["env"]).toContainEqual({
        name: "ARGO_PROGRESS_FILE",
        value: "/var/run/sluice/progress",
      });
    }
    // Where nobody knows what its image runs, it just cannot say so.
    expect(mainOf({ ...said, ...plain({}), metadata: said.metadata })).not.toHaveProperty("command");
  });

  test("is refused without a command, unless its image's entrypoint is known", () => {
    const step = plain({ args: ["echo", "x"] }, { outputPaths });

    expect(() => build(step)).toThrow(expect.objectContaining({ code: "KUBEEXEC_NO_COMMAND" }));
    expect(mainOf(step, { entrypoints: { busybox: ["/say"] } })["args"]).toEqual(["/say", "echo", "x"]);
  });

  test("is refused when its script is too large or holds NUL, or names no image", () => {
    const code = (expected: string) => expect.objectContaining({ code: expected });
    expect(() => build(shStep("ü".repeat(50_001)))).toThrow(code("KUBEEXEC_SCRIPT_TOO_LARGE"));
    expect(() => build(shStep("a\0b"))).toThrow(code("KUBEEXEC_SCRIPT_NUL"));
    expect(() => build(plain({ image: "" }))).toThrow(code("KUBEEXEC_NO_IMAGE"));
  });
});

describe("containers beside the main one", () => {
  const side = { name: "side", image: "s", volumeMounts: [{ name: "a", mountPath: "/a" }] };
  const mount = { name: "v", mountPath: "/v" };

  test("are in the pod behind it, with what is set where the workflow says nothing", () => {
    const step = plain({}, { pod: { sidecars: [side], initContainers: [{ ...side, name: "init-one" }] } });
    const spec = specOf(step, { podDefaults: { imagePullPolicy: "Never" } });

    const guarded = { imagePullPolicy: "Never", securityContext: { allowPrivilegeEscalation: false } };
    expect(spec.containers.map(({ name }) => name)).toEqual(["main", "side"]);
    expect(spec.containers[1]).toEqual({ ...side, ...guarded });
    expect(spec["initContainers"]).toEqual([{ ...side, name: "init-one", ...guarded }]);
    expect(spec).not.toHaveProperty("sidecars");
    expect(sideNames(step)).toEqual(["side"]);
  });

  test("see the main container's mounts where they mirror them, and never its scratch", () => {
    const sidecars = [{ ...side, mirrorVolumeMounts: true }];
    const step = plain({ command: ["sh"], volumeMounts: [mount] }, { pod: { sidecars }, outputPaths });

    expect(specOf(step).containers[1]).toMatchObject({ volumeMounts: [...side.volumeMounts, mount] });
    expect(specOf(step).containers[1]).not.toHaveProperty("mirrorVolumeMounts");
  });
});

test("text that was guarded against Kubernetes' expansion comes out as it was", () => {
  // Kubernetes' rules: `$$` is `$`; `$(NAME)` of a known name is its value, all else stays.
  const expand = (text: string) =>
    text.replace(/\$(?:\$|\(([^)]*)\))/g, (all, name) =>
      all === "$$" ? "$" : name === "HOME" ? "/root" : all,
    );
  fc.assert(
    fc.property(fc.array(fc.constantFrom("$", "$$", "(", ")", "HOME", "$(HOME)", "x", "\n")), (parts) => {
      const text = parts.join("");
      expect(expand(unexpanded(text))).toBe(text);
    }),
  );
});
