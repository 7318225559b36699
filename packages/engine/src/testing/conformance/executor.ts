import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Executor, StepRequest } from "../../executor/contract.ts";
import { EventReader, type ExecutorBench, type StepEnd, shStep } from "./bench.ts";

const resultBytes = 256 * 1024;

/**
 * What every executor keeps (X1–X4 and X6 of the contract). Called from the executor's own test:
 * `executorConformance("local", async () => ({ open: () => …, [Symbol.asyncDispose]: … }))`.
 */
export function executorConformance(name: string, make: () => Promise<ExecutorBench>): void {
  describe(`${name} keeps the executor contract`, () => {
    const bench = useBench(make);
    describe("a step that ends by itself", () => endingByItself(bench));
    describe("a step that is told to end", () => toldToEnd(bench));
    describe("a step across instances", () => acrossInstances(bench));
    describe("a daemon (X6)", () => daemons(bench));
  });
}

/** The open executor of the running test and the reader of its events. */
interface OpenBench {
  executor(): Executor;
  reader(): EventReader;
  step(source: string, over?: Partial<StepRequest>): StepRequest;
  /** Closes this instance and opens the next over the same state. */
  reopen(): Promise<void>;
  readonly timeoutMs: number;
}

function useBench(make: () => Promise<ExecutorBench>): OpenBench {
  let bench: ExecutorBench;
  let executor: Executor;
  let reader: EventReader;
  const open = async () => {
    executor = await bench.open();
    reader = new EventReader(executor);
  };
  const close = async () => {
    await reader[Symbol.asyncDispose]();
    await executor[Symbol.asyncDispose]();
  };
  beforeEach(async () => {
    bench = await make();
    await open();
    await executor.adopt([]);
  }, 60_000);
  afterEach(async () => {
    await close();
    await bench[Symbol.asyncDispose]();
  }, 60_000);
  return {
    executor: () => executor,
    reader: () => reader,
    step: (source, over = {}) =>
      shStep(source, { ...(bench.image === undefined ? {} : { image: bench.image }), ...over }),
    reopen: async () => {
      await close();
      await open();
    },
    timeoutMs: 60_000,
  };
}

async function run(bench: OpenBench, step: StepRequest): Promise<StepEnd> {
  await bench.executor().start(step);
  return bench.reader().ended(step.id);
}

function endingByItself(bench: OpenBench): void {
  const it = (title: string, body: () => Promise<void>) => test(title, body, bench.timeoutMs);

  it("reports exit code 0, a start time, and its output lines before its end", async () => {
    const step = bench.step("echo one; echo two >&2; printf three");
    const end = await run(bench, step);

    expect(end).toMatchObject({ type: "finished", exitCode: 0 });
    if (end.type === "finished") expect(end.startedAt).toBeLessThanOrEqual(end.at);
    const { events } = bench.reader();
    expect([...bench.reader().lines(step.id)].sort()).toEqual(["one", "three", "two"]);
    const lastOutput = events.findLastIndex((e) => e.type === "output" && e.stepId === step.id);
    expect(lastOutput).toBeLessThan(events.indexOf(end));
  });

  it("says which stream a line came from", async () => {
    const step = bench.step("echo out; echo err >&2");
    await run(bench, step);

    const lines = bench.reader().events.flatMap((e) => (e.type === "output" ? e.lines : []));
    // A pod's log has one stream: an executor that cannot tell them apart says stdout for both.
    expect(lines.find((l) => l.text === "out")?.stream).toBe("stdout");
    expect(["stdout", "stderr"]).toContain(lines.find((l) => l.text === "err")?.stream);
  });

  it("reports the exit code of a failure", async () => {
    expect(await run(bench, bench.step("exit 42"))).toMatchObject({ type: "finished", exitCode: 42 });
  });

  it("runs a container's command with its args and environment, and takes none of it for shell text", async () => {
    const image = imageOf(bench.step(""));
    const step = bench.step("", {
      captureResult: true,
      work: {
        kind: "container",
        container: {
          image,
          command: ["sh", "-c", 'printf "%s|%s" "$0" "$COLOR"'],
          args: ["a 'b' $HOME"],
          env: [{ name: "COLOR", value: "deep $blue" }],
        },
      },
    });
    expect(await run(bench, step)).toMatchObject({ exitCode: 0, result: "a 'b' $HOME|deep $blue" });
  });

  it("brings output files back with one trailing newline cut, and undefined for a missing one", async () => {
    const step = bench.step("printf 'hello\\n\\n' > /tmp/out.txt; printf plain > /tmp/plain.txt", {
      outputPaths: [
        { name: "out", path: "/tmp/out.txt" },
        { name: "plain", path: "/tmp/plain.txt" },
        { name: "missing", path: "/tmp/not/there" },
      ],
    });
    const end = await run(bench, step);

    expect(end).toMatchObject({ type: "finished", exitCode: 0 });
    if (end.type !== "finished") return;
    expect(end.outputs["out"]).toBe("hello\n");
    expect(end.outputs["plain"]).toBe("plain");
    expect(end.outputs["missing"]).toBeUndefined();
  });

  it("brings stdout back as the result with one trailing newline cut, without stderr", async () => {
    const step = bench.step("echo noise >&2; printf 'heads\\n\\n'", { captureResult: true });
    const end = await run(bench, step);

    if (end.type !== "finished") throw new Error(`the step ended as ${end.type}`);
    expect(end.result?.replace("noise\n", "")).toBe("heads\n");
  });

  it("brings no result back when none was asked for", async () => {
    const end = await run(bench, bench.step("echo heads"));
    expect(end).toMatchObject({ type: "finished" });
    expect(end).not.toHaveProperty("result");
  });

  it("keeps the last 256 kB of a long result", async () => {
    const step = bench.step("seq 1 60000", { captureResult: true });
    const end = await run(bench, step);

    if (end.type !== "finished") throw new Error(`the step ended as ${end.type}`);
    expect(Buffer.byteLength(end.result ?? "")).toBeLessThanOrEqual(resultBytes);
    expect(Buffer.byteLength(end.result ?? "")).toBeGreaterThan(resultBytes - 64);
    expect(end.result?.endsWith("59999\n60000")).toBe(true);
  });
}

const imageOf = ({ work }: StepRequest): string =>
  (work.kind === "script"
    ? work.script.image
    : work.kind === "container"
      ? work.container.image
      : undefined) ?? "alpine:3.23";

function toldToEnd(bench: OpenBench): void {
  const it = (title: string, body: () => Promise<void>) => test(title, body, bench.timeoutMs);

  it("gets SIGTERM and may end in its own way", async () => {
    const step = bench.step("trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done", {
      graceMs: 20_000,
    });
    await bench.executor().start(step);
    await bench.reader().line(step.id, "ready");

    await bench.executor().stop(step.id, "term");

    expect(await bench.reader().ended(step.id)).toMatchObject({ type: "finished", exitCode: 7 });
  });

  it("is killed after its grace when it ignores SIGTERM", async () => {
    const step = bench.step("trap '' TERM; echo ready; while :; do sleep 0.05; done", { graceMs: 300 });
    await bench.executor().start(step);
    await bench.reader().line(step.id, "ready");

    await bench.executor().stop(step.id, "term");

    expect(await bench.reader().ended(step.id)).toMatchObject({ type: "finished", exitCode: 137 });
  });

  it("is killed at once by kill, with all that it started", async () => {
    const step = bench.step("trap '' TERM; (sleep 600) & echo ready; wait", { graceMs: 600_000 });
    await bench.executor().start(step);
    await bench.reader().line(step.id, "ready");

    await bench.executor().stop(step.id, "kill");

    expect(await bench.reader().ended(step.id)).toMatchObject({ type: "finished", exitCode: 137 });
  });

  it("ends with `deadline` when its time is over", async () => {
    const step = bench.step("sleep 600", { graceMs: 300, deadlineAt: deadlineIn(2_000) });
    const end = await run(bench, step);

    expect(end).toMatchObject({ type: "finished", deadline: true });
    expect(end).not.toMatchObject({ exitCode: 0 });
  });

  it("is no error to stop when nobody knows it", async () => {
    await expect(bench.executor().stop("00000000-0000-8000-a000-000000000000.none.0", "kill")).resolves.toBe(
      undefined,
    );
  });
}

/** The suite runs on real parts only, whose clock is the real one. */
const deadlineIn = (ms: number): number => Math.round(performance.timeOrigin + performance.now() + ms);

function acrossInstances(bench: OpenBench): void {
  const it = (title: string, body: () => Promise<void>) => test(title, body, bench.timeoutMs);

  it("runs once although it was started twice (X1)", async () => {
    const step = bench.step("echo ran");
    await bench.executor().start(step);
    await bench.executor().start(step);
    await bench.reader().ended(step.id);
    await bench.executor().start(step);

    expect(
      bench
        .reader()
        .lines(step.id)
        .filter((l) => l === "ran"),
    ).toHaveLength(1);
  });

  it("runs on while no instance is there, is adopted, and tells its end once more until forgotten (X1, X2)", async () => {
    const step = bench.step("echo before; sleep 1; echo after > /tmp/done.txt; exit 5", {
      outputPaths: [{ name: "done", path: "/tmp/done.txt" }],
    });
    await bench.executor().start(step);
    await bench.reader().line(step.id, "before");

    await bench.reopen();
    expect((await bench.executor().adopt([step])).attached).toEqual([step.id]);
    expect(await bench.reader().ended(step.id)).toMatchObject({ exitCode: 5, outputs: { done: "after" } });

    await bench.reopen();
    expect((await bench.executor().adopt([step])).attached).toEqual([step.id]);
    expect(await bench.reader().ended(step.id)).toMatchObject({ exitCode: 5, outputs: { done: "after" } });
  });

  it("does not attach to a step that never started", async () => {
    await bench.reopen();
    expect((await bench.executor().adopt([bench.step("echo x")])).attached).toEqual([]);
  });

  it("is unknown after it was forgotten", async () => {
    const step = bench.step("echo once");
    await run(bench, step);
    await bench.executor().forget(step.id);

    await bench.reopen();
    expect((await bench.executor().adopt([step])).attached).toEqual([]);
  });

  it("removes at adoption what runs here for no known run", async () => {
    const step = bench.step("echo ready; sleep 600", { graceMs: 200 });
    await bench.executor().start(step);
    await bench.reader().line(step.id, "ready");

    await bench.reopen();
    await bench.executor().adopt([]);
    await bench.reopen();
    expect((await bench.executor().adopt([step])).attached).toEqual([]);
  });
}

/** A daemon that says `up` and from then on is found ready by its probe. */
function aDaemon(bench: OpenBench, before: string): StepRequest {
  const plain = bench.step("");
  const file = `"\${TMPDIR:-/tmp}/ready-${plain.id}"`;
  const source = `${before}echo up; touch ${file}; while :; do sleep 0.1; done`;
  return {
    ...plain,
    daemon: true,
    work: {
      kind: "script",
      script: {
        image: imageOf(plain),
        command: ["sh"],
        source,
        readinessProbe: {
          exec: { command: ["sh", "-c", `test -e ${file}`] },
          periodSeconds: 1,
          timeoutSeconds: 10,
        },
      },
    },
  };
}

function daemons(bench: OpenBench): void {
  const it = (title: string, body: () => Promise<void>) => test(title, body, bench.timeoutMs);
  const order = (stepId: string) =>
    bench
      .reader()
      .events.filter((e) => e.stepId === stepId && e.type !== "output" && e.type !== "pending")
      .map((e) => e.type);

  it("without a probe is ready when it runs, and says where others reach it", async () => {
    const step = bench.step("sleep 600", { daemon: true, graceMs: 300 });
    await bench.executor().start(step);

    expect((await bench.reader().ready(step.id)).ip).toMatch(/^[0-9a-f.:]+$/);
    expect(order(step.id)).toEqual(["started", "ready"]);
  });

  it("is ready once its probe succeeds, not when it runs, and ends when it is told to", async () => {
    const step = aDaemon(bench, "sleep 2; ");
    await bench.executor().start(step);
    await bench.reader().ready(step.id);

    await bench.reader().line(step.id, "up");
    const started = await bench
      .reader()
      .until((e) => (e.type === "started" && e.stepId === step.id ? e : undefined));
    expect((await bench.reader().ready(step.id)).at - started.at).toBeGreaterThan(1_000);
    await bench.executor().stop(step.id, "kill");
    const end = await bench.reader().ended(step.id);
    expect(end).toMatchObject({ type: "finished" });
    expect(end).not.toMatchObject({ exitCode: 0 });
    expect(order(step.id)).toEqual(["started", "ready", "finished"]);
  });

  it("that ends before it is ready is never told as such", async () => {
    const step = aDaemon(bench, "exit 3; ");
    await run(bench, step);
    expect(order(step.id)).not.toContain("ready");
  });

  it("is told as ready again to the next instance", async () => {
    const step = aDaemon(bench, "");
    await bench.executor().start(step);
    await bench.reader().ready(step.id);

    await bench.reopen();
    expect((await bench.executor().adopt([step])).attached).toEqual([step.id]);
    expect(await bench.reader().ready(step.id)).toHaveProperty("ip");
  });

  it("of which nobody asks whether it is ready is not told as such", async () => {
    const step = bench.step("echo up");
    await run(bench, step);
    expect(order(step.id)).not.toContain("ready");
  });
}
