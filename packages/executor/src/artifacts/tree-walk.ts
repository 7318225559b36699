import { lstat, opendir, readlink } from "node:fs/promises";
import { basename, join } from "node:path";

/** One entry of a folder, with its name from the root's own: `out`, `out/a`. */
export type TreeEntry = { readonly name: string; readonly path: string; readonly mode: number } & (
  | { readonly kind: "file"; readonly bytes: number }
  | { readonly kind: "folder"; readonly isEmpty: boolean }
  | { readonly kind: "link"; readonly target: string }
);

/** A file or folder and all below it, in the order of names. Links are never followed; devices and such are left out. */
export async function* walkTree(root: string, name = basename(root)): AsyncIterable<TreeEntry> {
  const stat = await lstat(root);
  const base = { name, path: root, mode: stat.mode };
  if (stat.isSymbolicLink()) yield { ...base, kind: "link", target: await readlink(root) };
  else if (stat.isFile()) yield { ...base, kind: "file", bytes: stat.size };
  if (!stat.isDirectory()) return;
  const names: string[] = [];
  for await (const entry of await opendir(root)) names.push(entry.name);
  yield { ...base, kind: "folder", isEmpty: names.length === 0 };
  for (const child of names.sort()) yield* walkTree(join(root, child), `${name}/${child}`);
}
