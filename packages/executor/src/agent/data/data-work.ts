// A data template: the keys under a place of the artifact repository, put through expressions.
import type { ArtifactStore } from "@sluice/bus";
import { compileExpr, evaluateExpr, exprText } from "@sluice/expr";
import { AgentError } from "../errors.ts";
import { type AgentWork, agentWork, type WorkContext } from "../work.ts";

/** Keys of one listing; a result has at most 256 kB anyway. */
const maxKeys = 100_000;
const maxResultBytes = 256 * 1_024;

/** Done again after a crash: listing changes nothing. */
export const makeDataWork = (store: ArtifactStore): AgentWork =>
  agentWork("data", 8, async (work, context) => {
    let data: unknown = await keysUnder(store, work.key, context);
    for (const { text, tags } of work.transformation) {
      const compiled = compileExpr(text, (key) => (Object.hasOwn(tags, key) ? tags[key] : undefined));
      const { clock, random } = context;
      data = evaluateExpr(compiled, { variables: { data }, clock, random });
    }
    const result = typeof data === "string" ? JSON.stringify(data) : exprText(data);
    const bytes = Buffer.byteLength(result);
    if (bytes > maxResultBytes)
      throw AgentError.DATA_TOO_LARGE({ what: `the result has ${bytes} B, at most ${maxResultBytes} B` });
    return { phase: "Succeeded", result };
  });

async function keysUnder(
  store: ArtifactStore,
  key: string,
  { step, signal }: WorkContext,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const artifact of store.list(step.run.namespace, key)) {
    signal.throwIfAborted();
    if (artifact.kind === "file") keys.push(artifact.key);
    if (keys.length > maxKeys)
      throw AgentError.DATA_TOO_LARGE({ what: `more than ${maxKeys} keys lie there` });
  }
  return keys.sort();
}
