// `sluice completion SHELL`, and what its script asks for.
import type { Command } from "commander";
import { type Completion, completionOf, type NameKind } from "../../completion/candidates.ts";
import { type Shell, scriptOf, shells } from "../../completion/scripts.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";

export async function completion(context: CliContext, [shell = ""]: readonly string[]): Promise<void> {
  const known = shells.find((one) => one === shell);
  if (known === undefined)
    throw CliError.USAGE({ problem: `completion takes ${shells.join(", ")}, not '${shell}'` });
  const script = scriptOf(known satisfies Shell);
  context.out(context.json ? JSON.stringify({ shell: known, script }) : script.trimEnd());
}

/** One candidate a line: the word, a tab, what it is. Whatever goes wrong, the shell sees nothing. */
export const complete =
  (program: Command) =>
  async (context: CliContext, words: readonly string[]): Promise<void> => {
    const found = completionOf(program, words);
    for (const { word, description } of found.candidates) context.out(`${word}\t${description}`);
    for (const name of await namesOf(context, found))
      if (name.startsWith(words.at(-1) ?? "")) context.out(`${name}\t`);
  };

const paths: Readonly<Record<NameKind, (namespace: string) => string>> = {
  workflow: (namespace) => `/api/v1/workflows/${namespace}`,
  cron: (namespace) => `/api/v1/cron-workflows/${namespace}`,
  template: (namespace) => `/api/v1/workflow-templates/${namespace}`,
  "cluster-template": () => "/api/v1/cluster-workflow-templates",
  source: (namespace) => `/api/v1/sluice/sources/${namespace}`,
  sensor: (namespace) => `/api/v1/sluice/sensors/${namespace}`,
};

interface Named {
  readonly name?: string;
  readonly metadata?: { readonly name?: string };
}

/** A person waits for it: what does not answer at once is not waited for. */
const patienceMs = 2_000;

async function namesOf(context: CliContext, { names }: Completion): Promise<readonly string[]> {
  if (names === undefined) return [];
  try {
    const { items } = await context.client.request<{ readonly items: readonly Named[] | null }>(
      "GET",
      paths[names](encodeURIComponent(context.namespace)),
      {
        query: { fields: "items.metadata.name,items.name", "listOptions.limit": 200 },
        signal: AbortSignal.timeout(patienceMs),
      },
    );
    return (items ?? []).flatMap(({ name, metadata }) => metadata?.name ?? name ?? []);
  } catch {
    return [];
  }
}
