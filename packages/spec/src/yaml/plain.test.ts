import { expect, test } from "vitest";
import { fromYaml, toYaml } from "./plain.ts";

test("a text that Kubernetes would read as something else is quoted, and comes back", () => {
  const value = { a: "yes", b: "0b1", c: "2026-01-01T00:00:00Z", d: "plain", e: true, f: "1_000" };

  const text = toYaml(value);

  expect(text).toBe('a: "yes"\nb: "0b1"\nc: "2026-01-01T00:00:00Z"\nd: plain\ne: true\nf: "1_000"\n');
  expect(fromYaml(text)).toEqual(value);
});
