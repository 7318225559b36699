// The project's commands: `npm run demo|start|test|check|gen|build|bench|test:kube|conformance`.
// Each brings what it needs first. Plain JavaScript for Node 18 and newer.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "./setup/cache.mjs";
import { say } from "./setup/say.mjs";
import {
  ensureBundle,
  ensureDependencies,
  ensureNats,
  environmentFor,
  root,
  runHere,
} from "./setup/workspace.mjs";
import { runVitest } from "./vitest.mjs";

const [, , name = "", ...rest] = process.argv;
const bin = (tool) => join(root, "node_modules", ".bin", tool);

/** What the commands run with: our Node, and the nats-server when they need one. */
async function prepare({ nats, bundle } = { nats: true, bundle: true }) {
  const node = await ensureDependencies();
  const extra = nats ? { SLUICE_NATS_SERVER: await ensureNats() } : {};
  if (bundle) await ensureBundle(node);
  return { node, env: environmentFor(node, { SLUICE_CACHE: cacheDir(), ...extra }) };
}

const commands = {
  async demo() {
    const { node, env } = await prepare();
    return runHere(node, [join(root, "dist", "sluice.js"), "demo", ...rest], { env });
  },

  async start() {
    const { node, env } = await prepare();
    return runHere(
      node,
      [join(root, "dist", "sluice.js"), "up", join(root, "examples", "quickstart"), ...rest],
      { env },
    );
  },

  async test() {
    const { env } = await prepare();
    return runVitest(["--project", "unit", "--project", "system", ...rest], env);
  },

  async "test:kube"() {
    const { env } = await prepare();
    // Before the tests, so that no test's bound cuts off a first build. Where none can be had, the tests say why.
    if (env.KUBECONFIG || (process.getuid?.() === 0 && existsSync("/etc/debian_version"))) {
      const code = await runHere("bash", [join(root, "test", "kube", "cluster.sh"), "up"], { env });
      if (code !== 0) return code;
    }
    return runVitest(["--project", "kube", ...rest], env);
  },

  async conformance() {
    const { node, env } = await prepare();
    const code = await runVitest(["--project", "system", "test/conformance"], env);
    if (code !== 0) return code;
    const main = join(root, "test", "conformance", "real", "main.ts");
    return runHere(node, ["--conditions=@sluice/source", main, ...rest], { env });
  },

  async check() {
    const { node, env } = await prepare({ nats: false, bundle: false });
    const steps = [
      ["types", bin("tsc"), ["-p", "tsconfig.json"]],
      [
        "lint and format",
        bin("biome"),
        ["ci", "--max-diagnostics=50", ...(process.stdout.isTTY ? [] : ["--colors=off"]), "."],
      ],
      ["generated files", node, [join(root, "scripts", "gen", "registry.mjs"), "--check"]],
      [
        "docs/errors.md",
        node,
        ["--conditions=@sluice/source", join(root, "scripts", "gen", "errors.mjs"), "--check"],
      ],
    ];
    for (const [what, command, args] of steps) {
      say(`check: ${what}`);
      const code = await runHere(command, args, { env });
      if (code !== 0) return code;
    }
    say("check: architecture");
    return runVitest(["--project", "unit", "test/architecture.test.ts"], env);
  },

  async gen() {
    const { node, env } = await prepare({ nats: false, bundle: false });
    const code = await runHere(node, [join(root, "scripts", "gen", "registry.mjs")], { env });
    if (code !== 0) return code;
    return runHere(node, ["--conditions=@sluice/source", join(root, "scripts", "gen", "errors.mjs")], {
      env,
    });
  },

  async build() {
    const { node, env } = await prepare({ nats: false, bundle: false });
    return runHere(node, [join(root, "scripts", "build.mjs")], { env });
  },

  async bench() {
    const { node, env } = await prepare();
    const chosen = readdirSync(join(root, "test", "bench"))
      .filter(
        (file) =>
          file.endsWith(".bench.ts") && (rest.length === 0 || rest.some((word) => file.includes(word))),
      )
      .sort();
    for (const file of chosen) {
      process.stdout.write(`\n── ${file}\n`);
      const code = await runHere(node, ["--conditions=@sluice/source", join(root, "test", "bench", file)], {
        env,
      });
      if (code !== 0) return code;
    }
    return 0;
  },
};

try {
  if (commands[name] === undefined)
    throw new Error(`unknown command '${name}'; one of: ${Object.keys(commands).join(", ")}`);
  process.exitCode = await commands[name]();
} catch (error) {
  process.stderr.write(`\n${name || "run"}: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
