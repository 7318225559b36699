// Bundles the `sluice` command into dist/: one entry and lazily loaded chunks, without dependencies at run time.
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./setup/workspace.mjs";

const outdir = join(root, "dist");
await rm(outdir, { recursive: true, force: true });
const result = await build({
  entryPoints: { sluice: join(root, "packages", "cli", "src", "main.ts") },
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  conditions: ["@sluice/source"],
  minifySyntax: true,
  minifyWhitespace: true,
  // No keepNames: identifiers are not minified, and its wrapper round every function costs a fifth of a command's start.
  legalComments: "linked",
  sourcemap: false,
  metafile: true,
  logLevel: "warning",
  // Bundled CommonJS packages ask for `require`; a module has none of its own.
  banner: {
    js: 'import{createRequire as __sluiceRequire}from"node:module";const require=__sluiceRequire(import.meta.url);',
  },
});
await chmod(join(outdir, "sluice.js"), 0o755);
const bytes = Object.values(result.metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
process.stderr.write(
  `dist/: ${Object.keys(result.metafile.outputs).length} files, ${(bytes / 1e6).toFixed(1)} MB\n`,
);
