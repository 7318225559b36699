import { type Failpoints, failpointNames } from "../failpoint.ts";

/**
 * Arms failpoints from a text `name[:hit]` (comma-separated): at the hit-th time (default 1) that the place is
 * reached, this process ends by SIGKILL, as a power cut would end it. An unknown name throws.
 */
export function armFailpoints(text: string): Failpoints {
  const left = new Map<string, number>();
  for (const part of text.split(",").filter((p) => p !== "")) {
    const [name = "", hit = "1"] = part.split(":");
    if (!(failpointNames as readonly string[]).includes(name))
      throw new Error(`unknown failpoint '${name}'; known: ${failpointNames.join(", ")}`);
    left.set(name, Number(hit));
  }
  return {
    reach(name) {
      const hits = left.get(name);
      if (hits === undefined) return;
      left.set(name, hits - 1);
      if (hits === 1) process.kill(process.pid, "SIGKILL");
    },
  };
}
