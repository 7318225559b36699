import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LogCursor } from "./cursor.ts";
import { FrameFilter } from "./frames.ts";
import { LogSplitter } from "./splitter.ts";
import { Tail } from "./tail.ts";
import { scratchDir, wrapperText } from "./wrapper.ts";

const stamp = (ms: number, nanos = 0): string =>
  `${new Date(ms).toISOString().slice(0, -1)}${String(nanos).padStart(6, "0")}Z`;

describe("reading a log again after its connection broke", () => {
  test("gives each line once, wherever it broke and however the streams were interleaved", () => {
    // Times that stand still, jump, and go back by less than a second, as two streams in one file do.
    const times = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 60 }).map((steps) => {
      let at = 1_700_000_000_000;
      return steps.map((step) => {
        at += step * 10;
        return at - (step % 3) * 150;
      });
    });
    fc.assert(
      fc.property(times, fc.array(fc.nat(60), { maxLength: 4 }), (log, breaks) => {
        const cursor = new LogCursor();
        const taken: number[] = [];
        for (const length of [...breaks, log.length]) {
          const since = cursor.resume();
          log.forEach((at, index) => {
            if (since !== undefined && at < Date.parse(since)) return;
            if (index < length && cursor.take(stamp(at))) taken.push(at);
          });
        }
        expect(taken.length).toBe(log.length);
        expect([...taken].sort()).toEqual([...log].sort());
      }),
    );
  });
});

describe("cutting a log into lines", () => {
  const split = (bytes: Buffer, sizes: readonly number[]) => {
    const splitter = new LogSplitter();
    const lines = [];
    let at = 0;
    for (const size of [...sizes, bytes.length]) {
      lines.push(...splitter.push(bytes.subarray(at, at + size)));
      at += size;
    }
    return [...lines, ...splitter.end()];
  };

  test("cuts a line that never ends between two characters, and keeps no more of it than that", () => {
    const text = "é".repeat(1_250_000);
    const bytes = Buffer.from(`${stamp(0)} x${text}\n`);
    const pieces = split(
      bytes,
      Array.from({ length: 200 }, () => 16_384),
    ).map((line) => line.text);

    expect(pieces.join("")).toBe(`x${text}`);
    expect(pieces).toHaveLength(3);
  });

  test("does not depend on how the bytes came", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" })),
        fc.array(fc.integer({ min: 1, max: 9 })),
        (texts, sizes) => {
          const clean = texts.map((text) => text.replaceAll("\n", ""));
          const log = clean.map((text, n) => `${stamp(1_700_000_000_000, n)} ${text}\n`).join("");
          expect(split(Buffer.from(log), sizes).map((line) => line.text)).toEqual(clean);
        },
      ),
    );
  });

  test("takes out the stamps that older kubelets put into long lines", () => {
    const parts = ["a".repeat(16_384), "b".repeat(16_384), "c"];
    const log = parts.map((part, n) => `${stamp(1_700_000_000_000, n)} ${part}`).join("");
    expect(split(Buffer.from(`${log}\n`), [])).toEqual([
      { stamp: stamp(1_700_000_000_000), text: parts.join("") },
    ]);
  });

  test("cuts a line that never ends", () => {
    const lines = split(
      Buffer.from(`${stamp(1_700_000_000_000)} ${"x".repeat(2_500_000)}`),
      Array(30).fill(100_000),
    );
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.map((line) => line.text).join("")).toBe("x".repeat(2_500_000));
    expect(new Set(lines.map((line) => line.stamp)).size).toBe(1);
  });
});

describe("the wrapper, run by a shell of this machine", () => {
  /** Runs the wrapper around `source` and reads what it printed, as the log reader does. */
  async function wrapped(source: string, over: Partial<Parameters<typeof wrapperText>[0]> = {}) {
    const dir = await mkdtemp(join(tmpdir(), "wrapper-"));
    const text = wrapperText({
      mark: "::m::",
      script: false,
      captureResult: true,
      progress: false,
      outputPaths: [],
      ...over,
    });
    const path = join(dir, "wrapper");
    await writeFile(path, text.replaceAll(scratchDir, dir));
    const run = promisify(execFile)("sh", [path, "sh", "-c", source], { cwd: dir, maxBuffer: 1e8 });
    const { stdout, code } = await run.then(
      (done) => ({ stdout: done.stdout, code: 0 }),
      (error: { stdout: string; code: number }) => error,
    );
    await rm(dir, { recursive: true });
    const frames = new FrameFilter("::m::");
    const lines = stdout
      .replace(/\n$/, "")
      .split("\n")
      .flatMap((line) => frames.take(line));
    return { code, frames, lines: [...lines, ...frames.flush()] };
  }

  test("prints what the command said last of its progress, between its own lines", async () => {
    const source = "printf a; echo 1/4 >progress; echo 3/4 >>progress; echo b";
    const { frames, lines, code } = await wrapped(source, { progress: true });
    expect({ progress: frames.progress, lines, code }).toEqual({ progress: "3/4", lines: ["ab"], code: 0 });
    expect((await wrapped("echo soon >progress", { progress: true })).frames.progress).toBeUndefined();
  });

  test.each([
    ["nothing", "", []],
    ["a line", "echo a", ["a"]],
    ["no last newline", "printf 'a\\nb'", ["a", "b"]],
    ["empty lines at the end", "printf 'a\\n\\n\\n'", ["a", "", ""]],
  ])("leaves the step's own lines as they are: %s", async (_name, source, expected) => {
    const { lines, frames, code } = await wrapped(source);
    expect({ lines, code, complete: frames.complete, exitCode: frames.exitCode }).toEqual({
      lines: expected,
      code: 0,
      complete: true,
      exitCode: 0,
    });
  });

  test("passes the exit code on, and any bytes of stdout and files", async () => {
    const bytes = "printf '\\000\\001\\377 %s' é";
    const { frames, code } = await wrapped(`${bytes}; ${bytes} >"it's"; exit 9`, {
      outputPaths: ["it's", "none"],
    });

    const expected = Buffer.concat([Buffer.from([0, 1, 255]), Buffer.from(" é")]);
    expect(code).toBe(9);
    expect(frames.exitCode).toBe(9);
    expect(frames.result).toEqual(expected);
    expect(frames.files.get(0)).toEqual({ kind: "value", bytes: expected });
    expect(frames.files.get(1)).toEqual({ kind: "missing" });
  });

  test("says that a file is too large, and still brings the next", async () => {
    const { frames } = await wrapped("head -c 1000001 /dev/zero >big; echo x >small", {
      outputPaths: ["big", "small"],
    });
    expect(frames.files.get(0)).toEqual({ kind: "large", bytes: 1_000_001 });
    expect(frames.files.get(1)).toEqual({ kind: "value", bytes: Buffer.from("x\n") });
  });
});

test("the tail keeps the end of a text within its bound", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), fc.integer({ min: 1, max: 40 }), (lines, max) => {
      const clean = lines.map((line) => line.replaceAll("\n", ""));
      const tail = new Tail(max);
      for (const line of clean) tail.add(line);
      expect(clean.join("\n").endsWith(tail.text())).toBe(true);
      expect(Buffer.byteLength(tail.text())).toBeLessThanOrEqual(max);
    }),
  );
});
