// Adds the journals of all scenes: `node --conditions=@sluice/source test/sim/record-scenes.ts NAME`. As record.ts does, it
// leaves those alone that are there.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fold, metadataOf, pack, stateOf } from "./recorded.ts";
import { playScene, sceneNames } from "./scenes.ts";

const [prefix = "scene"] = process.argv.slice(2);
for (const name of sceneNames) {
  const file = join(import.meta.dirname, "journals", `${prefix}-${name}.json.gz`);
  if (existsSync(file)) continue;
  const facts = await playScene(name);
  const run = fold(facts);
  writeFileSync(file, pack({ title: name, facts, end: stateOf(run), metadata: metadataOf(run) }));
}
