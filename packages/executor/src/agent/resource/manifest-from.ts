// A manifest that is an artifact's content.
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Json } from "@sluice/base";
import type { ArtifactStore } from "@sluice/bus";
import type { ArtifactInput } from "@sluice/engine";
import { composeYaml } from "@sluice/spec";
import { fetchArtifact } from "../../artifacts/fetch.ts";
import { AgentError } from "../errors.ts";
import type { WorkContext } from "../work.ts";

/** Of the file, and of the archive that it may be in. */
const limits = { maxBytes: 4 * 1_024 * 1_024, maxEntries: 100 };

/** What it holds is data: no tag in it is looked at. Errors: AGENT_RESOURCE_INVALID, SPEC_INVALID, those of `fetchArtifact`. */
export async function manifestOf(
  input: ArtifactInput,
  { step }: Pick<WorkContext, "step">,
  store: ArtifactStore | undefined,
): Promise<Json> {
  const { source } = input;
  const text = source.kind === "raw" ? source.data : await textOf(input, step.run.namespace, store);
  return composeYaml({ text, tags: {} }, `artifact ${input.name}`);
}

async function textOf(
  input: ArtifactInput,
  namespace: string,
  store: ArtifactStore | undefined,
): Promise<string> {
  const invalid = (reason: string) =>
    AgentError.RESOURCE_INVALID({ field: "manifestFrom", reason: `artifact '${input.name}' ${reason}` });
  if (store === undefined) throw invalid("cannot be read: no artifact repository is configured here");
  const folder = await mkdtemp(join(tmpdir(), "sluice-manifest-"));
  try {
    const path = await fetchArtifact({ store, limits }, namespace, input, folder);
    if (path === undefined) throw invalid("is not there");
    if (!(await stat(path)).isFile()) throw invalid("is a folder: a manifest is one file");
    return await readFile(path, "utf8");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
