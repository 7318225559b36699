// Finds a nats-server that is new enough: the setting, then PATH, then the cache that the set-up fills.
import { execFile } from "node:child_process";
import { access, constants, readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { BusError } from "../errors.ts";
import { compareVersions, isAtLeast, minimumVersion, parseVersion } from "./version.ts";

export interface LocateOptions {
  /** A path given by the user (`SLUICE_NATS_SERVER`): used or refused, never passed over. */
  readonly explicit?: string;
  /** The `PATH` to search. */
  readonly path: string;
  /** Sluice's cache folder (`~/.cache/sluice`): has `nats-server/<version>/nats-server`. */
  readonly cacheDir: string;
}

export interface NatsBinary {
  readonly path: string;
  readonly version: string;
  readonly rung: "setting" | "path" | "cache";
}

/** Errors: BUS_SERVER_NOT_FOUND; BUS_SERVER_TOO_OLD when only older ones are there. */
export async function locateNatsServer(options: LocateOptions): Promise<NatsBinary> {
  let tooOld: { where: string; version: string } | undefined;
  for (const { path, rung } of await candidates(options)) {
    const version = await versionOf(path);
    if (version !== undefined && isAtLeast(version, minimumVersion)) return { path, version, rung };
    if (rung === "setting" && version === undefined) throw BusError.SERVER_NOT_FOUND({ looked: [path] });
    if (version !== undefined) tooOld ??= { where: path, version };
    if (rung === "setting") break;
  }
  if (tooOld !== undefined) throw BusError.SERVER_TOO_OLD({ ...tooOld, wanted: minimumVersion });
  const looked = [
    options.explicit ?? "SLUICE_NATS_SERVER (not set)",
    "PATH",
    join(options.cacheDir, "nats-server"),
  ];
  throw BusError.SERVER_NOT_FOUND({ looked });
}

async function candidates(options: LocateOptions): Promise<readonly Pick<NatsBinary, "path" | "rung">[]> {
  if (options.explicit !== undefined && options.explicit !== "")
    return [{ path: options.explicit, rung: "setting" }];
  const inPath = options.path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => ({ path: join(folder, "nats-server"), rung: "path" as const }));
  const cache = join(options.cacheDir, "nats-server");
  const versions = (await readdir(cache).catch(() => [])).filter((name) => parseVersion(name) === name);
  const cached = versions
    .sort((a, b) => compareVersions(b, a))
    .map((version) => ({ path: join(cache, version, "nats-server"), rung: "cache" as const }));
  return [...inPath, ...cached];
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.X_OK);
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: 5_000 });
    return parseVersion(stdout);
  } catch {
    return undefined;
  }
}
