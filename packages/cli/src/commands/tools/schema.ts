// `sluice schema`: JSON Schemas of every kind, for editors and for checks elsewhere.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@sluice/base";
import { jsonSchemas, nearest } from "@sluice/spec";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { kindSchemas } from "../../kinds.ts";
import { renderTable } from "../../render/table.ts";

/** Of one kind; of all with --json or --dir; else what kinds there are. Errors: CLI_USAGE, CLI_FILE_UNWRITABLE. */
export async function schema(
  context: CliContext,
  [kind]: readonly string[],
  { dir }: { readonly dir?: string },
): Promise<void> {
  const schemas: Readonly<Record<string, Record<string, unknown>>> = jsonSchemas(kindSchemas());
  const chosen =
    kind === undefined ? schemas : { [kindOf(schemas, kind)]: schemas[kindOf(schemas, kind)] ?? {} };
  if (dir !== undefined) return write(context, chosen, dir);
  if (kind !== undefined) return context.out(JSON.stringify(Object.values(chosen)[0], null, 2));
  if (context.json) return context.out(JSON.stringify(chosen, null, 2));
  const rows = Object.entries(chosen).map(([name, made]) => [
    name,
    String(made["description"] ?? made["title"] ?? ""),
  ]);
  context.out(renderTable(["KIND", "WHAT"], rows, context.width));
}

function kindOf(schemas: Readonly<Record<string, unknown>>, given: string): string {
  const kinds = Object.keys(schemas);
  const found = kinds.find((kind) => kind.toLowerCase() === given.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(given, kinds);
  throw CliError.USAGE({
    problem: `'${given}' is no kind${near === undefined ? `; there are ${kinds.join(", ")}` : `; did you mean '${near}'?`}`,
  });
}

async function write(
  context: CliContext,
  schemas: Readonly<Record<string, Record<string, unknown>>>,
  dir: string,
): Promise<void> {
  const files: string[] = [];
  for (const [kind, made] of Object.entries(schemas)) {
    const file = join(dir, `${kind.toLowerCase()}.json`);
    try {
      await mkdir(dir, { recursive: true });
      await writeFile(file, `${JSON.stringify(made, null, 2)}\n`);
    } catch (error) {
      throw CliError.FILE_UNWRITABLE({ file, reason: messageOf(error) }, error);
    }
    files.push(file);
  }
  context.out(context.json ? JSON.stringify({ files }) : files.join("\n"));
}
