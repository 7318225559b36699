// `sluice convert`: manifests in old spellings as they are written now, on stdout.
import { convertManifests } from "@sluice/spec";
import type { CliContext } from "../../context.ts";
import { oneLine } from "../../render/text.ts";
import { readManifestFiles } from "../manifests/manifest-files.ts";

export async function convert(
  context: CliContext,
  files: readonly string[],
  { output }: { readonly output?: "yaml" | "json" },
): Promise<void> {
  const texts = await readManifestFiles(files);
  const converted = texts.map(({ file, text }) => ({ file, ...convertManifests(text, file) }));
  for (const { file, changes } of converted)
    for (const { path, what } of changes) context.note(`${file}: ${oneLine(path, 200)} ${what}`);
  const documents = converted.flatMap((one) => one.documents);
  if (context.json || output === "json")
    context.out(JSON.stringify(documents.length === 1 ? documents[0] : documents, null, 2));
  else
    context.out(
      converted
        .map(({ text }) => text.trimEnd())
        .filter((text) => text !== "")
        .join("\n---\n"),
    );
}
