import { expect } from "vitest";
import { it, type OpenBench, run } from "./open-bench.ts";

const resultBytes = 256 * 1024;

/** A step that ends by itself: exit code, output, results. */
export function ownEnds(bench: OpenBench): void {
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
    const step = bench.step("", {
      captureResult: true,
      work: {
        kind: "container",
        container: {
          image: bench.image(),
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
