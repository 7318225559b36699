/** The oldest nats-server that has what Sluice needs: several filters a consumer, `sync_interval`, compression. */
export const minimumVersion = "2.10.0";

/** The version in the output of `nats-server --version` (`nats-server: v2.10.27`). */
export const parseVersion = (output: string): string | undefined => /v?(\d+\.\d+\.\d+)/.exec(output)?.[1];

/** Compares by major, minor and patch; a suffix (`-beta.1`) is passed over. */
export function compareVersions(a: string, b: string): number {
  const parts = (version: string) => (parseVersion(version) ?? "0.0.0").split(".").map(Number);
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export const isAtLeast = (version: string, minimum: string): boolean =>
  compareVersions(version, minimum) >= 0;
