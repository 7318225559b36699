import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { pairsOf } from "../output.ts";
import { nameOf, pathOf } from "./names.ts";

export interface SetOptions {
  readonly outputParameter: readonly string[];
  readonly nodeFieldSelector?: string;
  readonly phase?: string;
  readonly message?: string;
}

/** Gives a waiting suspend node its outputs, its phase or a message. Errors: CLI_USAGE, those of the API. */
export async function setNode(
  context: CliContext,
  [given = ""]: readonly string[],
  { outputParameter, ...options }: SetOptions,
): Promise<void> {
  if (options.nodeFieldSelector === undefined)
    throw CliError.USAGE({ problem: "say which node: --node-field-selector displayName=approve" });
  if (outputParameter.length === 0 && options.phase === undefined && options.message === undefined)
    throw CliError.USAGE({ problem: "say what to set: -p name=value, --phase or --message" });
  const name = await nameOf(context, given);
  const workflow = await context.client.request("PUT", `${pathOf(context, name)}/set`, {
    body: {
      name,
      namespace: context.namespace,
      ...options,
      ...(outputParameter.length === 0
        ? {}
        : { outputParameters: JSON.stringify(unquoted(pairsOf("--output-parameter", outputParameter))) }),
    },
  });
  context.out(context.json ? JSON.stringify(workflow) : "workflow values set");
}

/** A value in double quotes is the text in them, as `argo` takes it. */
const unquoted = (given: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [name, textIn(value) ?? value]));

function textIn(value: string): string | undefined {
  if (!/^".*"$/s.test(value)) return undefined;
  try {
    return String(JSON.parse(value));
  } catch {
    return undefined;
  }
}
