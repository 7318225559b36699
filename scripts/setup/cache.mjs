import { homedir } from "node:os";
import { join } from "node:path";

/** Where downloaded tools are kept between clones: `SLUICE_CACHE`, else the user's cache folder. */
export function cacheDir() {
  if (process.env.SLUICE_CACHE) return process.env.SLUICE_CACHE;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "sluice");
}
