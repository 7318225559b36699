// Brings a nats-server >= 2.10: the ladder of the set-up. Plain JavaScript, runs on Node 18 and newer.
// Rungs: an explicit setting, PATH, our cache, the official release (pinned checksum), Debian's newer suites
// unpacked without root; else an error that says what to do.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { get as httpGet } from "node:http";
import { get as httpsGet } from "node:https";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const minimum = [2, 10, 0];
const connectMs = 5_000;

/** Official archives by `<platform>-<arch>`; the SHA-256 are those that the project's own container files pin. */
export const releases = {
  version: "2.14.5",
  base: "https://github.com/nats-io/nats-server/releases/download",
  sha256: {
    "linux-amd64": "5e3b603d47c447bda1f77f9ac16dbf91c90aac4ff3681f8fbbc7201e4ed99355",
    "linux-arm64": "673a98d3faa79dde3f9ebf16d6dfac36a5f694e7ad2015e4954dd7939c85cd4c",
  },
};

/** Where the set-up keeps what it brings. */
export const defaultCacheDir = (env = process.env) =>
  env.SLUICE_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "sluice");

/**
 * Finds or brings a nats-server that is new enough.
 * @param {{ cacheDir?: string, say?: (line: string) => void, env?: NodeJS.ProcessEnv, release?: typeof releases, suites?: string[] }} [options]
 * @returns {Promise<{ path: string, version: string, rung: "setting" | "path" | "cache" | "release" | "debian" }>}
 */
export async function ensureNatsServer(options = {}) {
  const { env = process.env, say = () => {}, release = releases, suites = ["trixie", "sid"] } = options;
  const cacheDir = options.cacheDir ?? defaultCacheDir(env);
  const explicit = env.SLUICE_NATS_SERVER;
  if (explicit) {
    const version = await versionOf(explicit);
    if (!isNewEnough(version))
      throw new Error(
        `SLUICE_NATS_SERVER='${explicit}' is ${version ? `version ${version}` : "no nats-server"}; 2.10 or newer is needed`,
      );
    return { path: explicit, version, rung: "setting" };
  }
  for (const folder of (env.PATH ?? "").split(delimiter).filter(Boolean)) {
    const path = join(folder, "nats-server");
    const version = existsSync(path) ? await versionOf(path) : undefined;
    if (isNewEnough(version)) return { path, version, rung: "path" };
    if (version) say(`${path} is ${version}: older than 2.10, passed over`);
  }
  const cached = await fromCache(cacheDir);
  if (cached) return cached;
  const failures = [];
  for (const [rung, bring] of [
    ["release", () => bringRelease({ cacheDir, say, release })],
    ["debian", () => bringDebian({ cacheDir, say, suites })],
  ]) {
    try {
      const found = await bring();
      say(`nats-server ${found.version} is ready in ${found.path}`);
      return { ...found, rung };
    } catch (error) {
      say(`  not from there: ${error.message}`);
      failures.push(`${rung}: ${error.message}`);
    }
  }
  throw new Error(
    `no nats-server >= 2.10 could be found or brought.\n  ${failures.join("\n  ")}\n` +
      "Install it (https://docs.nats.io/running-a-nats-service/introduction/installation) so that it is in PATH, " +
      "or set SLUICE_NATS_SERVER to the path of its binary.",
  );
}

async function fromCache(cacheDir) {
  const folder = join(cacheDir, "nats-server");
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^\d+\.\d+\.\d+$/.test(name));
  names.sort((a, b) => compare(b.split(".").map(Number), a.split(".").map(Number)));
  for (const name of names) {
    const path = join(folder, name, "nats-server");
    const version = await versionOf(path);
    if (isNewEnough(version)) return { path, version, rung: "cache" };
  }
  return undefined;
}

/** The official archive, refused unless its SHA-256 is the pinned one. */
async function bringRelease({ cacheDir, say, release }) {
  const target = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  const wanted = release.sha256[target];
  if (!wanted) throw new Error(`no pinned release for ${target}`);
  const name = `nats-server-v${release.version}-${target}`;
  const url = `${release.base}/v${release.version}/${name}.tar.gz`;
  return inFolder(async (folder) => {
    const archive = join(folder, "server.tar.gz");
    say(`fetching nats-server ${release.version} from ${url}`);
    const bytes = await download(url, archive);
    const found = createHash("sha256")
      .update(await readFile(archive))
      .digest("hex");
    if (found !== wanted) throw new Error(`its SHA-256 is ${found}, pinned is ${wanted}`);
    say(`  ${megabytes(bytes)}, checksum is right`);
    await run("tar", ["-xzf", archive, "-C", folder]);
    return keep(join(folder, name, "nats-server"), cacheDir);
  });
}

/** The package of a newer suite, by apt with lists and cache of its own: nothing of the system changes, no root needed. */
async function bringDebian({ cacheDir, say, suites }) {
  if (process.platform !== "linux" || !(await has("apt-get")) || !(await has("dpkg")))
    throw new Error("this is no Debian-like system");
  const mirror = await debianMirror();
  const failures = [];
  for (const suite of suites) {
    try {
      return await inFolder((folder) => bringSuite({ folder, mirror, suite, cacheDir, say }));
    } catch (error) {
      failures.push(
        `${suite}: ${String(error.stderr || error.message)
          .trim()
          .split("\n")
          .at(-1)}`,
      );
    }
  }
  throw new Error(failures.join("; "));
}

async function bringSuite({ folder, mirror, suite, cacheDir, say }) {
  await mkdir(join(folder, "lists", "partial"), { recursive: true });
  await mkdir(join(folder, "cache", "archives", "partial"), { recursive: true });
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : "";
  await writeFile(join(folder, "sources.list"), `deb ${signed}${mirror} ${suite} main\n`);
  await writeFile(join(folder, "status"), "");
  const settings = [
    `Dir::Etc::sourcelist=${join(folder, "sources.list")}`,
    "Dir::Etc::sourceparts=/dev/null",
    `Dir::State::lists=${join(folder, "lists")}`,
    `Dir::State::status=${join(folder, "status")}`,
    `Dir::Cache=${join(folder, "cache")}`,
    "Acquire::Languages=none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    "Acquire::http::Timeout=10",
    "Acquire::Retries=1",
    "APT::Sandbox::User=",
  ].flatMap((setting) => ["-o", setting]);
  say(`reading the package list of Debian ${suite} from ${mirror} (about 10 MB)`);
  await run("apt-get", [...settings, "update"], { timeout: 120_000 });
  await run("apt-get", [...settings, "download", "nats-server"], { cwd: folder, timeout: 120_000 });
  const deb = (await readdir(folder)).find((name) => name.endsWith(".deb"));
  if (!deb) throw new Error("apt-get downloaded no package");
  say(
    `  ${decodeURIComponent(deb)}, ${megabytes((await stat(join(folder, deb))).size)}: unpacking without installing`,
  );
  await run("dpkg", ["-x", join(folder, deb), join(folder, "root")]);
  const binary = ["usr/sbin/nats-server", "usr/bin/nats-server"]
    .map((path) => join(folder, "root", path))
    .find(existsSync);
  if (!binary) throw new Error("the package has no nats-server in it");
  return keep(binary, cacheDir);
}

/** The mirror that this machine's apt uses for Debian, so that a company's mirror is used here too. */
async function debianMirror() {
  const { stdout } = await run("apt-get", ["indextargets", "--format", "$(REPO_URI)"]).catch(() => ({
    stdout: "",
  }));
  const own = stdout.split("\n").find((uri) => /\/debian\/?$/.test(uri));
  if (own === undefined) throw new Error("apt has no Debian archive among its sources");
  return own;
}

/** Moves a binary that runs and is new enough to its place in the cache; appears there whole or not at all. */
async function keep(binary, cacheDir) {
  await chmod(binary, 0o755);
  const version = await versionOf(binary);
  if (!isNewEnough(version))
    throw new Error(`it is ${version ?? "not runnable here"}; 2.10 or newer is needed`);
  const folder = join(cacheDir, "nats-server", version);
  await mkdir(folder, { recursive: true });
  const path = join(folder, "nats-server");
  const own = `${path}.${process.pid}`;
  await copyFile(binary, own);
  await rename(own, path);
  return { path, version };
}

async function download(url, to) {
  if (url.startsWith("file:")) await copyFile(fileURLToPath(url), to);
  else await fetchTo(url, to, 5);
  return (await stat(to)).size;
}

function fetchTo(url, to, redirects) {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? httpsGet : httpGet)(url, (response) => {
      clearTimeout(timer);
      const { statusCode = 0, headers } = response;
      if (statusCode >= 300 && statusCode < 400 && headers.location && redirects > 0) {
        response.resume();
        resolve(fetchTo(new URL(headers.location, url).href, to, redirects - 1));
        return;
      }
      if (statusCode !== 200) {
        response.resume();
        reject(new Error(`${new URL(url).host} answered ${statusCode}`));
        return;
      }
      response.on("error", reject);
      response.pipe(createWriteStream(to)).on("finish", resolve).on("error", reject);
    });
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer from ${new URL(url).host} within ${connectMs} ms`)),
      connectMs,
    );
    // A body that stands still is given up too.
    request.setTimeout(30_000, () => request.destroy(new Error("the download stands still")));
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

async function inFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), "sluice-setup-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function versionOf(path) {
  try {
    const { stdout } = await run(path, ["--version"], { timeout: 5_000 });
    return /(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

const isNewEnough = (version) =>
  version !== undefined && compare(version.split(".").map(Number), minimum) >= 0;
const compare = (a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
const has = (command) =>
  run(command, ["--version"]).then(
    () => true,
    () => false,
  );
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
