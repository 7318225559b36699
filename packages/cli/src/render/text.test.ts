import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutTo, paletteOf, widthOf } from "./colour.ts";
import { renderTable } from "./table.ts";
import { oneLine, printable, shownTime } from "./text.ts";

// What a terminal obeys: control characters, and marks that turn the direction of text.
const obeyed = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "\u001b",
      "[",
      "]",
      "2J",
      "31m",
      ";",
      "\u0007",
      "\u009b",
      "\r",
      "\n",
      "\t",
      "\u202e",
      "\u2028",
      "é",
      "日",
    ),
    fc.string({ minLength: 1, maxLength: 1, unit: "binary" }),
  ),
});

describe("text from outside", () => {
  test("on one line never holds what a terminal obeys, and keeps to its length", () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 50 }), (text, max) => {
        const line = oneLine(text, max);
        expect(line).not.toMatch(obeyed);
        expect(line.length).toBeLessThanOrEqual(max);
      }),
    );
  });

  test("printed as lines holds line ends, tabs and colours, and nothing else that a terminal obeys", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(printable(text).replace(/\u001b\[[0-9;]*m|[\n\t]/g, "")).not.toMatch(obeyed);
      }),
    );
  });

  test("keeps a step's colours and shows what else it tried", () => {
    expect(printable("\u001b[31mred\u001b[0m\ta\r\nb")).toBe("\u001b[31mred\u001b[0m\ta\nb");
    expect(printable("\u001b]0;title\u0007\u001b[2J\u009b2Jx\ry")).toBe("␛]0;title·␛[2J·2Jx·y");
    expect(oneLine("a\r\nb\tc", 20)).toBe("a⏎b·c");
  });

  test("is cut between characters, never within one", () => {
    expect(oneLine("ab😀", 3)).toBe("ab…");
    expect(oneLine("abc", 3)).toBe("abc");
  });
});

describe("columns", () => {
  test.each([
    ["abc", 3],
    ["日本", 4],
    ["é", 1],
    ["e\u0301", 1],
    ["✔", 1],
    ["😀", 2],
    [paletteOf(true).bad("abc"), 3],
  ])("%j takes %d", (text, width) => expect(widthOf(text)).toBe(width));

  test("a cut line takes at most its columns and closes its colours", () => {
    const line = cutTo(`a ${paletteOf(true).bad("日本語日本語")} z`, 8);

    expect(line).toBe("a \u001b[31m日本…\u001b[39m");
    expect(widthOf(line)).toBeLessThanOrEqual(8);
    expect(cutTo("short", 5)).toBe("short");
  });

  test("tables are aligned whatever their cells hold, and fit the terminal", () => {
    const rows = [
      ["日本", "x"],
      [paletteOf(true).good("ok"), "a long message"],
    ];

    expect(
      renderTable(["NAME", "MESSAGE"], rows)
        .replace(/\u001b\[\d+m/g, "")
        .split("\n"),
    ).toEqual(["NAME  MESSAGE", "日本  x", "ok    a long message"]);
    expect(
      renderTable(["NAME", "MESSAGE"], rows, 12)
        .split("\n")
        .every((line) => widthOf(line) <= 12),
    ).toBe(true);
  });
});

test("times are shown to the second; what has not happened is empty", () => {
  expect(shownTime("2026-01-02T03:04:05.678Z")).toBe("2026-01-02T03:04:05Z");
  expect(shownTime("2026-01-02T03:04:05Z")).toBe("2026-01-02T03:04:05Z");
  expect([shownTime(null), shownTime(undefined)]).toEqual(["", ""]);
});
