import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withParameterFile } from "./submit-from.ts";

test.each([
  ["# who: world\n", ["a=1"]],
  ["who: world\na: 2\nn: 7\n", ["who=world", "n=7", "a=1"]],
])("a parameter file %j goes before what the command line says", async (text, parameter) => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-parameters-"));
  const parameterFile = join(folder, "p.yaml");
  await writeFile(parameterFile, text);

  const given = withParameterFile({ parameter: ["a=1"], parameterFile });

  await expect(given)
    .resolves.toMatchObject({ parameter })
    .finally(() => rm(folder, { recursive: true }));
});
