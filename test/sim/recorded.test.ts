import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Fact } from "@sluice/engine";
import { expect, test } from "vitest";
import { fold, metadataOf, stateOf, unpack } from "./recorded.ts";
import { playScene, sceneNames } from "./scenes.ts";

const folder = join(import.meta.dirname, "journals");
const files = readdirSync(folder).filter((name) => name.endsWith(".json.gz"));

/** By the compiler all types of facts that there are: one that is added is missed here, and then in the journals. */
const allTypes: Readonly<Record<Fact["type"], true>> = {
  ...{ submitted: true, engine: true, definitions: true, sealed: true, timer: true },
  ...{ started: true, ready: true, finished: true, lost: true, refused: true },
  ...{ locked: true, remembered: true, configured: true, denied: true },
  ...{ progress: true, estimated: true },
  ...{ stop: true, suspend: true, resume: true, set: true, delete: true, label: true },
};

test("there are journals of several kinds of runs, and facts of every type", () => {
  const seen = new Set<string>(
    files.flatMap((file) => unpack(readFileSync(join(folder, file))).facts.map(({ type }) => type)),
  );

  expect(files.length).toBeGreaterThanOrEqual(30);
  expect(Object.keys(allTypes).filter((type) => !seen.has(type))).toEqual([]);
});

test.each(files)("%s makes the same run today", (file) => {
  const { facts, end, metadata } = unpack(readFileSync(join(folder, file)));
  const run = fold(facts);
  expect(stateOf(run)).toEqual(end);
  if (metadata !== undefined) expect(metadataOf(run)).toEqual(metadata);
});

test.each(sceneNames)("the scene '%s' comes to the end that was recorded", async (name) => {
  const { end } = unpack(readFileSync(join(folder, `scene-${name}.json.gz`)));
  expect(stateOf(fold(await playScene(name)))).toEqual(end);
});
