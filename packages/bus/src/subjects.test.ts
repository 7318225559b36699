import fc from "fast-check";
import { expect, test } from "vitest";
import {
  fromToken,
  makeSubjects,
  maxTokenBytes,
  namesOf,
  subjectMatches,
  token,
  withoutCovered,
} from "./subjects.ts";

const name = fc.string({ unit: "grapheme", maxLength: 20 });

test("every name that fits comes back from its token", () => {
  fc.assert(fc.property(name, (text) => fromToken(token(text)) === text));
});

test("a token has no character that means something in a subject, key or consumer name", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => /^[A-Za-z0-9_=-]+$/.test(token(text))));
});

test("two names never share a token", () => {
  fc.assert(fc.property(name, name, (a, b) => (token(a) === token(b)) === (a === b)));
});

test("a name beyond the bound becomes a hash of its own, and says that it cannot be read back", () => {
  const long = "é".repeat(maxTokenBytes);
  expect(token(long).length).toBeLessThanOrEqual(maxTokenBytes);
  expect(fromToken(token(long))).toBeUndefined();
  expect(token(long)).not.toBe(token(`${long}x`));
});

test("the names of a subject are those that made it, dots and wildcards and all", () => {
  const names = ["my.ns", "*", "> a", ""];
  const subject = makeSubjects("p").event(names[0], names[1], names[2]);
  expect(subject.split(".")).toHaveLength(5);
  expect(namesOf("p", subject)).toEqual(names.slice(0, 3));
});

test("wildcards cover what they should", () => {
  expect(subjectMatches("a.*.c", "a.b.c")).toBe(true);
  expect(subjectMatches("a.>", "a")).toBe(false);
  expect(subjectMatches("a.>", "a.b.c")).toBe(true);
  expect(subjectMatches("a.*", "a.b.c")).toBe(false);
  expect(subjectMatches("a.*", "a.>")).toBe(false);
  expect(withoutCovered(["a.b", "a.*", "a.b", "c.d"])).toEqual(["a.*", "c.d"]);
});
