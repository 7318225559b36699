// Steps of several containers as real processes: order, ends, output by container, and what survives this process.
import type { StepEvent, StepRequest } from "@sluice/engine";
import { shStep, useBench } from "@sluice/engine/testing";
import { describe, expect, test } from "vitest";
import { candidateFor, candidatesHere, makeLocalBench } from "./local-bench.ts";

const candidates = await candidatesHere();
const sh = (name: string, source: string, more: object = {}) => ({
  name,
  image: "alpine",
  command: ["sh", "-c"],
  args: [source],
  ...more,
});
const workspace = {
  pod: { volumes: [{ name: "w", emptyDir: {} }] },
  mounts: [{ name: "w", mountPath: "/w" }],
};

for (const isolation of ["process", "namespaces", "namespaces-unprivileged"] as const) {
  const { ok, reason } =
    isolation === "process" ? { ok: true, reason: "" } : candidateFor(candidates, isolation);
  if (ok) describe(`several containers in one step, with ${isolation}`, () => crews(isolation));
  else
    describe.skip(`several containers in one step, with ${isolation} (${reason})`, () =>
      test("run", () => {}));
}

function crews(isolation: "process" | "namespaces" | "namespaces-unprivileged"): void {
  const bench = useBench(() => makeLocalBench(isolation));

  const setOf = (
    containers: readonly object[],
    over: Partial<StepRequest> & { readonly retries?: number } = {},
  ) => {
    const { retries, ...rest } = over;
    const retryStrategy = retries === undefined ? {} : { retryStrategy: { retries, duration: "10ms" } };
    return {
      ...shStep(""),
      work: { kind: "containerSet", containerSet: { containers, ...retryStrategy } },
      ...rest,
    } as StepRequest;
  };
  const run = async (step: StepRequest): Promise<Extract<StepEvent, { type: "finished" }>> => {
    await bench.executor().start(step);
    const end = await bench.reader().ended(step.id);
    if (end.type !== "finished") throw new Error(`${end.type}: ${JSON.stringify(end)}`);
    return end;
  };
  const outputOf = (step: StepRequest) =>
    bench
      .reader()
      .events.flatMap((event) =>
        event.type === "output" && event.stepId === step.id
          ? event.lines.map(({ container = "main", stream, text }) => `${container} ${stream} ${text}`)
          : [],
      );

  test("begin when those that they depend on have ended well, and say what they say under their names", async () => {
    const step = setOf([
      sh("d", "echo d", { dependencies: ["b", "c"] }),
      sh("b", "echo b >&2", { dependencies: ["a"] }),
      sh("c", "printf c", { dependencies: ["a"] }),
      sh("a", "echo a", { env: [{ name: "odd.name", value: "'x y'" }] }),
    ]);

    const end = await run(step);

    expect(end).toMatchObject({ exitCode: 0 });
    expect(end.containers?.map(({ name, phase, exitCode }) => [name, phase, exitCode])).toEqual(
      ["d", "b", "c", "a"].map((name) => [name, "Succeeded", 0]),
    );
    const at = Object.fromEntries((end.containers ?? []).map((c) => [c.name, c]));
    for (const [before, after] of [
      ["a", "b"],
      ["a", "c"],
      ["b", "d"],
      ["c", "d"],
    ] as const)
      expect(at[before]?.finishedAt).toBeLessThanOrEqual(at[after]?.startedAt ?? 0);
    expect(outputOf(step).toSorted()).toEqual(["a stdout a", "b stderr b", "c stdout c", "d stdout d"]);
  });

  test("a failure ends what waits for it, and nothing else", async () => {
    const end = await run(
      setOf([sh("a", "exit 3"), sh("b", "echo never", { dependencies: ["a"] }), sh("main", "exit 0")]),
    );

    expect(end.exitCode).toBe(3);
    expect(end.containers).toMatchObject([
      { name: "a", phase: "Failed", exitCode: 3, message: "Error (exit code 3)" },
      { name: "b", phase: "Omitted", message: 'dependency "a" exited with non-zero code: 3' },
      { name: "main", phase: "Succeeded", exitCode: 0 },
    ]);
  });

  test("one that fails is begun again as often as it may, and its followers wait", async () => {
    const source = `OUT="$TMPDIR/tries"; mkdir -p "$OUT"; echo try
      [ "$(ls "$OUT" | wc -l)" -ge 3 ] || { mktemp "$OUT/t.XXXXXX" >/dev/null; exit 1; }`;
    const containers = [sh("a", source), sh("b", "echo after", { dependencies: ["a"] })];

    const few = await run(setOf(containers, { retries: 2 }));
    const enough = setOf(containers, { retries: 3 });
    const end = await run(enough);

    expect(few).toMatchObject({ exitCode: 1, containers: [{ phase: "Failed" }, { phase: "Omitted" }] });
    expect(end).toMatchObject({ exitCode: 0, containers: [{ phase: "Succeeded" }, { phase: "Succeeded" }] });
    expect(outputOf(enough).filter((line) => line === "a stdout try")).toHaveLength(4);
  });

  test("`main` gives the result and the output files", async () => {
    const end = await run(
      setOf(
        [sh("a", "echo aside >file"), sh("main", "echo hi; echo text >out.txt", { workingDir: "/tmp" })],
        {
          captureResult: true,
          outputPaths: [{ name: "out", path: "/tmp/out.txt" }],
        },
      ),
    );
    expect(end).toMatchObject({ exitCode: 0, result: "hi", outputs: { out: "text" } });
  });

  test("variables of one are not seen by the others, nor in the program on the disk", async () => {
    const env = [{ name: "TOKEN", value: "s3cret-of-a" }];
    const step = setOf([
      sh("a", 'test "${#TOKEN}" = 11', { env }),
      sh(
        "b",
        "env | grep -c s3cre[t] || true; cat /argo/staging/crew 2>/dev/null | grep -c s3cre[t] || true",
      ),
    ]);

    const end = await run(step);

    expect(end.exitCode).toBe(0);
    expect(
      outputOf(step)
        .filter((line) => line.startsWith("b"))
        .every((line) => line.endsWith(" 0")),
    ).toBe(true);
  });

  test("are told to end together", async () => {
    const stay = (name: string) =>
      sh(name, `trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done`);
    const step = setOf([stay("a"), stay("main"), sh("late", "echo never", { dependencies: ["a"] })]);
    await bench.executor().start(step);
    await bench
      .reader()
      .until((e) => (outputOf(step).filter((l) => l.endsWith("up")).length === 2 ? e : undefined));

    await bench.executor().stop(step.id, "term");
    const end = await bench.reader().ended(step.id);

    expect(end).toMatchObject({ type: "finished", exitCode: 143 });
    expect(
      outputOf(step)
        .filter((line) => line.endsWith("bye"))
        .toSorted(),
    ).toEqual(["a stdout bye", "main stdout bye"]);
    expect(end).toMatchObject({
      containers: [{ name: "a" }, { name: "main" }, { name: "late", phase: "Omitted" }],
    });
  });

  test("go on while this process is away, and are told whole by the next", async () => {
    const step = setOf([
      sh("a", "echo one; sleep 0.5"),
      sh("b", "echo two; exit 4", { dependencies: ["a"] }),
    ]);
    await bench.executor().start(step);
    await bench.reader().line(step.id, "one");

    await bench.reopen();
    expect((await bench.executor().adopt([step])).attached).toEqual([step.id]);

    expect(await bench.reader().ended(step.id)).toMatchObject({
      exitCode: 4,
      containers: [{ phase: "Succeeded" }, { phase: "Failed", exitCode: 4 }],
    });
    expect(outputOf(step)).toEqual(["a stdout one", "b stdout two"]);
  });

  test("in a circle are refused", async () => {
    const step = setOf([sh("a", "", { dependencies: ["b"] }), sh("b", "", { dependencies: ["a"] })]);
    await bench.executor().start(step);
    expect(await bench.reader().ended(step.id)).toMatchObject({
      type: "refused",
      code: "LOCAL_FIELD_UNSUPPORTED",
    });
  });

  describe("around a main one", () => {
    const around = (main: string, pod: Readonly<Record<string, unknown>>): StepRequest =>
      shStep(main, { pod });

    test("init containers come before it, in order", async () => {
      const step = around("echo main", { initContainers: [sh("i1", "echo one"), sh("i2", "echo two")] });
      const end = await run(step);
      expect(end.exitCode).toBe(0);
      expect(end).not.toHaveProperty("containers");
      expect(outputOf(step).toSorted()).toEqual(["i1 stdout one", "i2 stdout two", "main stdout main"]);
    });

    test("one that fails keeps it from beginning", async () => {
      const step = around("echo main", {
        initContainers: [sh("i1", "exit 5"), sh("i2", "echo no")],
        sidecars: [sh("s", "echo no")],
      });
      expect(await run(step)).toMatchObject({ exitCode: 5, message: "i1: Error (exit code 5)" });
      expect(outputOf(step)).toEqual([]);
    });

    test("a sidecar runs beside it and ends with it", async () => {
      const step = around("echo main; until [ -e $TMPDIR/up ]; do sleep 0.02; done; exit 0", {
        sidecars: [sh("s", "trap 'echo bye; exit 0' TERM; : >$TMPDIR/up; while :; do sleep 0.05; done")],
      });
      expect(await run(step)).toMatchObject({ exitCode: 0 });
      expect(outputOf(step).toSorted()).toEqual(["main stdout main", "s stdout bye"]);
    });

    test("a sidecar that does not want to end is killed, and the step went well all the same", async () => {
      const step = {
        ...around("until [ -e $TMPDIR/up ]; do sleep 0.02; done", {
          sidecars: [sh("s", "trap '' TERM; : >$TMPDIR/up; while :; do sleep 0.05; done")],
        }),
        graceMs: 300,
      };
      expect(await run(step)).toMatchObject({ exitCode: 0 });
    });

    test("a sidecar that failed by itself fails the step", async () => {
      const step = around("sleep 0.3", { sidecars: [sh("s", "exit 7")] });
      expect(await run(step)).toMatchObject({ exitCode: 7, message: "s: Error (exit code 7)" });
    });

    test("the main one's failure is the step's, whatever the others do", async () => {
      const end = await run(around("exit 9", { sidecars: [sh("s", "exec sleep 60")] }));
      expect(end).toMatchObject({ exitCode: 9 });
      expect(end).not.toHaveProperty("message");
    });

    if (isolation !== "process")
      test("a claim's volume is there for the next step, until the run needs it no more", async () => {
        const pod = {
          volumes: [{ name: "w", persistentVolumeClaim: { claimName: "run-w" } }],
          volumeClaims: ["run-w"],
        };
        const work = (source: string): Pick<StepRequest, "work"> => ({
          work: { kind: "container", container: sh("main", source, { volumeMounts: workspace.mounts }) },
        });
        const first = shStep("", { pod, ...work("echo hello >/w/a") });
        const next = (source: string) => shStep("", { pod, run: first.run, ...work(source) });

        expect(await run(first)).toMatchObject({ exitCode: 0 });
        await bench.executor().forget(first.id);
        expect(await run(next("grep hello /w/a"))).toMatchObject({ exitCode: 0 });
        await bench.executor().forgetRun?.(first.run);
        expect(await run(next("test ! -e /w/a"))).toMatchObject({ exitCode: 0 });
      });

    if (isolation !== "process")
      test("share the step's volumes", async () => {
        const step = shStep("", {
          work: {
            kind: "container",
            container: sh("main", "cat /w/a /w/b", { volumeMounts: workspace.mounts }),
          },
          pod: {
            ...workspace.pod,
            initContainers: [
              sh("i", "echo a >/w/a", { mirrorVolumeMounts: true }),
              sh("j", "echo b >/w/b", { volumeMounts: workspace.mounts }),
            ],
          },
        });
        expect(await run(step)).toMatchObject({ exitCode: 0 });
        expect(outputOf(step)).toEqual(["main stdout a", "main stdout b"]);
      });
  });
}
