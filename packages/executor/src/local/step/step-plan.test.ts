import type { StepRequest } from "@sluice/engine";
import { shStep } from "@sluice/engine/testing";
import { describe, expect, test } from "vitest";
import { planStep } from "../crew/crew-plan.ts";

const references = {
  secret: async (_ns: string, name: string, key: string) =>
    name === "db" && key === "password" ? Buffer.from("s3cr3t") : undefined,
  configMap: async (_ns: string, name: string, key: string) =>
    name === "settings" && key === "color" ? "blue" : undefined,
  keys: async (kind: "secret" | "configMap", _ns: string, name: string) =>
    kind === "secret" && name === "db" ? ["password"] : name === "settings" ? ["color"] : undefined,
};

type Container = Extract<StepRequest["work"], { kind: "container" }>["container"];
const aStep = (container: Container, pod: StepRequest["pod"] = {}) =>
  shStep("", {
    work: { kind: "container", container: { image: "alpine", command: ["true"], ...container } },
    pod,
  });
const plan = (container: Container, pod?: StepRequest["pod"]) =>
  planStep(aStep(container, pod), { references, isolation: "namespaces", claimsDir: "/claims" });

test("a program at its place in a well-known image is the stand-in that this machine has", async () => {
  const { command } = await plan({ image: "argoproj/argosay:v2", command: ["/argosay", "echo"] });
  expect(command).toEqual(["argosay", "echo"]);
  expect((await plan({ image: "mine/tool", command: ["/argosay"] })).command).toEqual(["/argosay"]);
});

describe("a step's variables", () => {
  test.each([
    ["metadata.name", /^wf-main-2794558695$/],
    ["metadata.labels['team']", /^blue$/],
    ["metadata.labels['none']", /^$/],
    ["metadata.annotations['note']", /^hi$/],
    ["metadata.uid", /^[0-9a-f-]{36}$/],
    ["spec.nodeName", /./],
    ["spec.serviceAccountName", /^robot$/],
  ])("come from the pod's %s, as the run's tree has it", async (fieldPath, expected) => {
    const container = {
      image: "a",
      command: ["true"],
      env: [{ name: "F", valueFrom: { fieldRef: { fieldPath } } }],
    };
    const step = shStep("", {
      run: { namespace: "default", name: "wf", uid: "u" },
      node: { id: "wf-1", name: "wf[0].a(1)", template: "main", attempt: 1 },
      work: { kind: "container", container },
      pod: { serviceAccountName: "robot" },
      metadata: { labels: { team: "blue" }, annotations: { note: "hi" } },
    });
    const { env } = await planStep(step, { references, isolation: "namespaces", claimsDir: "/claims" });
    expect(env.get("F")).toMatch(expected);
  });

  test("come from the pod as far as a local step has one", async () => {
    const status = plan({ env: [{ name: "F", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }] });
    await expect(status).rejects.toThrow("it reads secretKeyRef, configMapKeyRef and fieldRef metadata.name");
  });

  test("come from values, secrets, config maps and the step itself, and may name earlier ones", async () => {
    const { env } = await plan({
      env: [
        { name: "A", value: "one" },
        { name: "P", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
        { name: "C", valueFrom: { configMapKeyRef: { name: "settings", key: "color" } } },
        { name: "N", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
        { name: "B", value: "$(A)-$(NONE)-$$(A)" },
      ],
    });
    expect(Object.fromEntries(env)).toMatchObject({
      A: "one",
      P: "s3cr3t",
      C: "blue",
      N: "default",
      B: "one-$(NONE)-$(A)",
    });
  });

  test("come from whole Secrets and ConfigMaps, with a prefix, and give way to those that are named", async () => {
    const { env } = await plan({
      envFrom: [
        { prefix: "DB_", secretRef: { name: "db" } },
        { configMapRef: { name: "settings" } },
        { configMapRef: { name: "nothing", optional: true } },
      ],
      env: [{ name: "color", value: "red-$(DB_password)" }],
    });
    expect(Object.fromEntries(env)).toMatchObject({ DB_password: "s3cr3t", color: "red-s3cr3t" });
    await expect(plan({ envFrom: [{ secretRef: { name: "nothing" } }] })).rejects.toMatchObject({
      code: "LOCAL_REFERENCE_MISSING",
    });
  });

  test("that refer to nothing are refused, unless they are optional", async () => {
    const ref = { name: "db", key: "nothing" };
    await expect(plan({ env: [{ name: "P", valueFrom: { secretKeyRef: ref } }] })).rejects.toMatchObject({
      code: "LOCAL_REFERENCE_MISSING",
    });
    const { env } = await plan({
      env: [{ name: "P", valueFrom: { secretKeyRef: { ...ref, optional: true } } }],
    });
    expect(env.has("P")).toBe(false);
  });

  test("that are larger than the system passes are refused by name", async () => {
    await expect(plan({ env: [{ name: "BIG", value: "x".repeat(200_000) }] })).rejects.toMatchObject({
      code: "LOCAL_ENVIRONMENT_TOO_LARGE",
      details: { name: "BIG" },
    });
  });
});

test("a zero byte is refused wherever it stands, and never dropped", async () => {
  const cases: readonly [string, Parameters<typeof plan>[0]][] = [
    ["args[1]", { args: ["-c", "echo a\0b"] }],
    ["command[0]", { command: ["s\0h"] }],
    ["workingDir", { workingDir: "/tmp\0" }],
    ["env[0]", { env: [{ name: "A", value: "a\0b" }] }],
  ];
  for (const [field, over] of cases)
    await expect(plan(over), field).rejects.toMatchObject({
      code: "LOCAL_FIELD_UNSUPPORTED",
      details: { field },
    });
});

describe("a step's volumes", () => {
  const mount = (mountPath: string, more: object = {}) => ({
    volumeMounts: [{ name: "v", mountPath, ...more }],
  });

  test.each([
    ["a host folder", mount("/data"), { volumes: [{ name: "v", hostPath: { path: "/" } }] }],
    ["no volume of that name", mount("/data"), {}],
    ["the root", mount("/"), { volumes: [{ name: "v", emptyDir: {} }] }],
    ["a system folder", mount("/proc/sys"), { volumes: [{ name: "v", emptyDir: {} }] }],
    ["a path that climbs", mount("/data/../../etc"), { volumes: [{ name: "v", emptyDir: {} }] }],
    [
      "a sub-path that climbs",
      mount("/data", { subPath: "../x" }),
      { volumes: [{ name: "v", emptyDir: {} }] },
    ],
    ["a secret without a name", mount("/data"), { volumes: [{ name: "v", secret: {} }] }],
    [
      "a key's path that climbs",
      mount("/data"),
      {
        volumes: [{ name: "v", secret: { secretName: "db", items: [{ key: "password", path: "../../x" }] } }],
      },
    ],
    [
      "part of a claim, where an earlier step may have put a link",
      mount("/data", { subPath: "x" }),
      { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }] },
    ],
    [
      "a claim whose name climbs",
      mount("/data"),
      { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "../c" } }] },
    ],
  ])("are refused for %s", async (_what, container, pod) => {
    await expect(plan(container, pod)).rejects.toMatchObject({ code: "LOCAL_FIELD_UNSUPPORTED" });
  });

  test("of claims are folders that outlive the step: the run's own by its uid, others by namespace", async () => {
    const pod = { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }] };
    const shared = await plan(mount("/data"), pod);
    const own = await plan(mount("/data"), { ...pod, volumeClaims: ["c"] });

    expect(shared.volumes).toMatchObject([{ source: "/claims/namespaces/default/c", readOnly: false }]);
    expect(own.volumes[0]?.source).toMatch(/^\/claims\/runs\/[0-9a-f-]{36}\/c$/);
  });

  test("of a run's own claims stay where they were when it is tried again under another uid", async () => {
    const step = aStep(mount("/data"), {
      volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }],
      volumeClaims: ["c"],
    });
    const again = { ...step, run: { ...step.run, uid: "again", firstUid: "first" } };
    const { volumes } = await planStep(again, { references, isolation: "namespaces", claimsDir: "/claims" });
    expect(volumes[0]?.source).toBe("/claims/runs/first/c");
  });

  test("of a whole Secret has a file a key", async () => {
    const { volumes } = await plan(
      { volumeMounts: [{ name: "v", mountPath: "/etc/db" }] },
      { volumes: [{ name: "v", secret: { secretName: "db" } }] },
    );
    expect([...(volumes[0]?.files ?? [])].map(([path, bytes]) => `${path} ${Buffer.from(bytes)}`)).toEqual([
      "password s3cr3t",
    ]);
  });

  test("of a config map are files for reading", async () => {
    const { volumes } = await plan(mount("/etc/app"), {
      volumes: [
        { name: "v", configMap: { name: "settings", items: [{ key: "color", path: "c/color.txt" }] } },
      ],
    });
    expect(volumes).toMatchObject([{ name: "v", mountPath: "/etc/app", readOnly: true }]);
    expect(volumes[0]?.files.get("c/color.txt")).toEqual(Buffer.from("blue"));
  });
});
