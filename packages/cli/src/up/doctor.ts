// What this installation is and what its promises mean here: for `sluice doctor`, the API and the banner.
import { messageOf } from "@sluice/base";
import type { BusDescription } from "@sluice/bus";
import type { ExecutorDescription } from "@sluice/engine";
import type { Config } from "../config/config.ts";
import { version } from "../version.ts";
import type { OpenBus } from "./bus.ts";
import type { ChosenExecutor } from "./executors.ts";

export interface DoctorReport {
  readonly version: string;
  readonly node: string;
  readonly dataDir: string;
  readonly nats: {
    /** 0 when the server is not ours. */
    readonly pid: number;
    readonly url: string;
    readonly connected: boolean;
    readonly description?: BusDescription;
    readonly problem?: string;
  };
  /** In words: what is safe once an event is acknowledged. */
  readonly acknowledgement: string;
  readonly executor: ExecutorDescription & { readonly why: string };
}

export function makeDoctor(parts: {
  readonly config: Config;
  readonly dataDir: string;
  readonly bus: OpenBus;
  readonly executor: ChosenExecutor;
}) {
  return async (): Promise<Readonly<Record<string, unknown>> & DoctorReport> => {
    const { bus, executor, config, dataDir } = parts;
    const own = bus.own?.();
    const described = await describeBus(bus);
    const problem = bus.trouble() ?? (typeof described === "string" ? described : undefined);
    return {
      version,
      node: process.version,
      dataDir,
      nats: {
        pid: own?.pid ?? 0,
        url: own?.url ?? config.nats ?? "",
        connected: bus.transport.status.connected,
        ...(typeof described === "string" ? {} : { description: described }),
        ...(problem === undefined ? {} : { problem }),
      },
      acknowledgement: typeof described === "string" ? "unknown while the bus is away" : meaningOf(described),
      executor: { ...(await executor.executor.describe()), why: executor.why },
    };
  };
}

async function describeBus(bus: OpenBus): Promise<BusDescription | string> {
  try {
    return await bus.transport.describe();
  } catch (error) {
    return messageOf(error);
  }
}

/** What survives what, from the server's settings. */
export function meaningOf({ replicas, sync }: BusDescription): string {
  if (sync === "always")
    return "on disk before it is said: survives a crash of any process, of the system, and power loss";
  const window = sync === "" ? "some time" : sync;
  if (replicas > 1)
    return `on ${replicas} servers: survives the loss of ${Math.floor((replicas - 1) / 2)}; up to ${window} may be lost if all lose power at once`;
  return `with the operating system: survives a crash of any process; up to ${window} may be lost if the system crashes or loses power`;
}
