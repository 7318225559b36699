// `sluice cp WORKFLOW DIR`: the artifacts of a workflow's nodes as files.
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isObject } from "@sluice/base";
import type { CliContext } from "../../context.ts";
import { printable } from "../../render/text.ts";
import { nameOf, pathOf } from "./names.ts";

export interface CopyOptions {
  readonly nodeId?: string;
  readonly templateName?: string;
  readonly artifactName?: string;
  /** Place of each artifact under the folder. */
  readonly path: string;
}

interface Found {
  readonly node: { readonly id: string; readonly templateName: string };
  readonly name: string;
  readonly key: string;
}

interface CopyNode {
  readonly id: string;
  readonly type: string;
  readonly templateName?: string;
  readonly outputs?: { readonly artifacts?: readonly CopyArtifact[] };
}
interface CopyArtifact {
  readonly name: string;
  readonly deleted?: boolean;
  readonly s3?: { readonly key?: string };
}

export async function copy(
  context: CliContext,
  [given = "", folder = ""]: readonly string[],
  options: CopyOptions,
): Promise<void> {
  const name = await nameOf(context, given);
  const workflow = await context.client.request<{
    readonly metadata: { readonly name: string };
    readonly status?: { readonly nodes?: Readonly<Record<string, CopyNode>> };
  }>("GET", pathOf(context, name));
  const found = Object.values(workflow.status?.nodes ?? {}).flatMap((node) => artifactsOf(node, options));
  if (found.length === 0 && !context.json) context.note(`workflow ${name} has no such artifacts`);
  const copied: string[] = [];
  for (const artifact of found)
    copied.push(...(await copyOne(context, { name, folder, artifact, pattern: options.path })));
  if (context.json) context.out(JSON.stringify({ files: copied }));
  else if (copied.length > 0) context.out(copied.map(createdLine).join("\n"));
}

const createdLine = (file: string): string =>
  `Created ${JSON.stringify(basename(file))} in ${printable(dirname(file))}`;

/** Those that leaves saved: the others only pass them on. */
function artifactsOf(node: CopyNode, options: CopyOptions): Found[] {
  const templateName = node.templateName ?? "";
  if (node.type !== "Pod") return [];
  if (options.nodeId !== undefined && node.id !== options.nodeId) return [];
  if (options.templateName !== undefined && templateName !== options.templateName) return [];
  return (node.outputs?.artifacts ?? []).flatMap(({ name, deleted, s3 }) =>
    deleted === true ||
    s3?.key === undefined ||
    (options.artifactName !== undefined && name !== options.artifactName)
      ? []
      : [{ node: { id: node.id, templateName }, name, key: s3.key }],
  );
}

interface Copy {
  readonly name: string;
  readonly folder: string;
  readonly artifact: Found;
  readonly pattern: string;
}

async function copyOne(context: CliContext, { name, folder, artifact, pattern }: Copy): Promise<string[]> {
  const { node, key } = artifact;
  const values: Readonly<Record<string, string>> = {
    namespace: context.namespace,
    workflowName: name,
    nodeId: node.id,
    templateName: node.templateName,
    artifactName: artifact.name,
  };
  const place = join(
    folder,
    pattern.replaceAll(/\{(\w+)\}/g, (tag, word: string) => values[word] ?? tag),
  );
  const words = [context.namespace, name, node.id, artifact.name].map(encodeURIComponent);
  const path = `/artifacts/${words.join("/")}`;
  const answer = await context.client.download(path);
  if (!(answer.headers.get("content-type") ?? "").startsWith("application/json"))
    return [await write(answer, join(place, basename(key)))];
  const list: unknown = await answer.json();
  const written: string[] = [];
  for (const file of isObject(list) && Array.isArray(list["files"]) ? list["files"] : []) {
    if (!isObject(file) || typeof file["path"] !== "string" || file["kind"] !== "file") continue;
    const inner = file["path"];
    if (inner.split("/").includes("..")) continue; // what a server says names no place outside the folder
    written.push(
      await write(
        await context.client.download(path, { query: { path: inner } }),
        join(place, basename(key), inner),
      ),
    );
  }
  return written;
}

async function write(answer: Response, file: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  const body = answer.body ?? new Blob([]).stream();
  await pipeline(body, createWriteStream(file));
  return file;
}
