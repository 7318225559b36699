import { appendFile, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StepLine } from "@sluice/engine";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LineCutter, maxLineBytes, maxResultBytes, OutputTail, readResult } from "./lines.ts";

describe("cutting bytes into lines", () => {
  test("gives the same lines however the bytes are chunked", () => {
    // One to four bytes a character; fast-check's own tables of all of Unicode take seconds to make.
    const unit = fc.constantFrom("a", "\0", "\t", " ", "é", "€", "\u0301", "\ufeff", "\u2028", "𝄞", "🫠");
    const text = fc.array(fc.string({ unit, maxLength: 20 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(12), { maxLength: 40 }), (lines, sizes) => {
        const bytes = Buffer.from(`${lines.join("\n")}\n`);
        const cutter = new LineCutter();
        const got: string[] = [];
        let from = 0;
        for (const size of sizes) {
          got.push(...cutter.push(bytes.subarray(from, from + size)));
          from = Math.min(from + size, bytes.length);
        }
        got.push(...cutter.push(bytes.subarray(from)), ...cutter.end());
        expect(got).toEqual(lines.map((line) => Buffer.from(line).toString("utf8")));
      }),
    );
  });

  test("cuts a line that is too long into pieces, between characters", () => {
    const cutter = new LineCutter();
    const line = "é".repeat(maxLineBytes);
    const pieces = [...cutter.push(Buffer.from(`x${line}\n`)), ...cutter.end()];
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join("")).toBe(`x${line}`);
    for (const piece of pieces) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(maxLineBytes);
  });

  test("replaces what is no UTF-8, keeps colours, drops the carriage return of a line's end", () => {
    const cutter = new LineCutter();
    expect(cutter.push(Buffer.from([0xff, 0x41, 0x0a]))).toEqual(["\ufffdA"]);
    expect(cutter.push(Buffer.from("\u001b[31mred\u001b[0m\r\n"))).toEqual(["\u001b[31mred\u001b[0m"]);
  });
});

describe("a file that grows", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "sluice-output-"));
  });
  afterEach(() => rm(dir, { recursive: true }));

  test("is read from where the last look ended, and its last line without a newline at the end only", async () => {
    const tail = new OutputTail(() => join(dir, "stdout"), "stdout");
    const lines: string[] = [];
    const deliver = async (more: readonly StepLine[]) => void lines.push(...more.map((l) => l.text));
    await tail.read(() => 1, deliver);
    await writeFile(join(dir, "stdout"), "one\ntw");
    await tail.read(() => 1, deliver);
    expect(lines).toEqual(["one"]);

    await appendFile(join(dir, "stdout"), "o\nthree");
    await tail.finish(() => 1, deliver);
    expect(lines).toEqual(["one", "two", "three"]);
  });

  test("keeps its end, and on the disk little more, when it says more than is taken", async () => {
    const mebibyte = 1_048_576;
    const path = join(dir, "stdout");
    const line = `${"x".repeat(99)}\n`;
    await writeFile(path, line.repeat(80_000));
    const readAnew = async () => {
      const lines: string[] = [];
      const tail = new OutputTail(() => path, "stdout", { maxBytes: mebibyte });
      await tail.read(
        () => 1,
        async (more) => void lines.push(...more.map((l) => l.text)),
      );
      await appendFile(path, "the end\n");
      await tail.finish(
        () => 1,
        async (more) => void lines.push(...more.map((l) => l.text)),
      );
      return lines;
    };
    const lines = await readAnew();
    expect(lines).toHaveLength(Math.ceil(mebibyte / 100) + 1);
    expect(lines.at(-1)).toBe("[output beyond 1 MB is dropped]");
    expect(readResult(path).endsWith(`${line}the end`)).toBe(true);
    expect(readResult(path)).toHaveLength(maxResultBytes - 1);
    expect((await stat(path)).blocks * 512).toBeLessThan(2 * mebibyte);
    expect(await readAnew()).toEqual(lines);
  });

  test("keeps the carriage return before the newline that its result is without", async () => {
    const path = join(dir, "stdout");
    await writeFile(path, "a\r\nb\r\n");
    expect(readResult(path)).toBe("a\r\nb\r");
  });

  test("begins its result with a whole character", async () => {
    const path = join(dir, "stdout");
    await writeFile(path, `${"é".repeat(maxResultBytes)}x`);
    expect(readResult(path)).toBe(`${"é".repeat(maxResultBytes / 2 - 1)}x`);
  });

  test("gives its last 256 kB as the result, without one newline at its end", async () => {
    await writeFile(join(dir, "stdout"), `${"a".repeat(maxResultBytes)}end\n\n`);
    const result = readResult(join(dir, "stdout"));
    expect(result.length).toBe(maxResultBytes - 1);
    expect(result.endsWith("aend\n")).toBe(true);
    expect(readResult(join(dir, "none"))).toBe("");
  });
});
