import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearest } from "./nearest.ts";

const word = fc.stringMatching(/^[a-z]{5,12}$/);

describe("edit distance", () => {
  it("is zero only between equal texts, and the same in both directions", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
      }),
    );
  });

  it("counts one for a letter left out, added, replaced, or two swapped", () => {
    expect(editDistance("templte", "template")).toBe(1);
    expect(editDistance("templatee", "template")).toBe(1);
    expect(editDistance("tamplate", "template")).toBe(1);
    expect(editDistance("tepmlate", "template")).toBe(1);
  });
});

describe("did you mean", () => {
  it("finds the field after any single slip of the hand", () => {
    const slip = fc.record({ at: fc.nat(100), kind: fc.constantFrom("drop", "double", "swap", "replace") });
    fc.assert(
      fc.property(word, slip, (field, { at, kind }) => {
        const i = at % (field.length - 1);
        const [before, here, after] = [field.slice(0, i), field[i] ?? "", field.slice(i + 1)];
        const typed = {
          drop: before + after,
          double: before + here + here + after,
          swap: before + (after[0] ?? "") + here + after.slice(1),
          replace: `${before}q${after}`,
        }[kind as "drop"];

        expect(nearest(typed, [field, "somethingElseEntirely"])).toBe(field);
      }),
    );
  });

  it("names nothing when no candidate is near, however long the text", () => {
    expect(nearest("zzz", ["container", "script"])).toBeUndefined();
    expect(nearest("x".repeat(100_000), ["x".repeat(99_999)])).toBeUndefined();
  });

  it("ignores upper and lower case", () => {
    expect(nearest("openwhisk", ["openWhisk"])).toBe("openWhisk");
  });
});
