import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fold, stateOf, unpack } from "./recorded.ts";

const folder = join(import.meta.dirname, "journals");
const files = readdirSync(folder).filter((name) => name.endsWith(".json.gz"));

test("there are journals of several kinds of runs", () => {
  const types = new Set(
    files.flatMap((file) => unpack(readFileSync(join(folder, file))).facts.map(({ type }) => type)),
  );
  expect(files.length).toBeGreaterThanOrEqual(30);
  for (const type of [
    "finished",
    "lost",
    "refused",
    "timer",
    "stop",
    "suspend",
    "resume",
    "locked",
    "remembered",
  ])
    expect(types).toContain(type);
});

test.each(files)("%s makes the same run today", (file) => {
  const { facts, end } = unpack(readFileSync(join(folder, file)));
  expect(stateOf(fold(facts))).toEqual(end);
});
