// The bus: an own nats-server under the data folder, or the one that was named.
import { homedir } from "node:os";
import { join } from "node:path";
import type { Clock, Logger, Random, Scope } from "@sluice/base";
import {
  connectJetStream,
  type LocateOptions,
  locateNatsServer,
  type NatsAuth,
  openStores,
  type Stores,
  startEmbeddedServer,
  type Transport,
} from "@sluice/bus";
import type { Config } from "../config/config.ts";
import { readSecret } from "../config/load.ts";

export interface BusDeps {
  readonly config: Config;
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly scope: Scope;
}

export interface OpenBus {
  readonly transport: Transport;
  readonly stores: Stores;
  /** What the own server is now (its process changes when it is started again); undefined for another's. */
  readonly own: (() => { readonly pid: number; readonly url: string; readonly version: string }) | undefined;
  /** Why nothing can be stored now; undefined while the bus is there. */
  readonly trouble: () => string | undefined;
}

/** Errors: BUS_DATA_FOLDER_BUSY, BUS_SERVER_NOT_FOUND, BUS_SERVER_TOO_OLD, BUS_UNAVAILABLE, BUS_STREAM_SETTINGS. */
export async function openBus(deps: BusDeps): Promise<OpenBus> {
  const { config, scope, clock, random, log } = deps;
  const common = { prefix: config.prefix, replicas: config.replicas, clock, random, log };
  if (config.nats !== undefined) {
    const transport = scope.use(
      await connectJetStream({ servers: config.nats.split(","), auth: await credentials(config), ...common }),
    );
    const trouble = () => (transport.status.connected ? undefined : `${config.nats} cannot be reached`);
    return { transport, stores: openStores(transport, { clock, log }), own: undefined, trouble };
  }
  const found = await locateNatsServer(whereToLook(config, deps.env));
  const server = scope.use(
    await startEmbeddedServer({
      binary: found.path,
      dataDir: deps.dataDir,
      profile: config.profile,
      clock,
      random,
      log,
    }),
  );
  const transport = scope.use(
    await connectJetStream({
      servers: [server.url],
      auth: { user: server.user, pass: server.pass },
      sync: server.sync,
      ...common,
    }),
  );
  return {
    transport,
    stores: openStores(transport, { clock, log }),
    own: () => ({ pid: server.pid, url: server.url, version: found.version }),
    trouble: () => server.trouble ?? (transport.status.connected ? undefined : "nats-server does not answer"),
  };
}

async function credentials(config: Config): Promise<NatsAuth> {
  const password = await readSecret(config.natsPassword);
  const token = await readSecret(config.natsToken);
  return {
    ...(config.natsUser === undefined ? {} : { user: config.natsUser }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
  };
}

/** The setting (`npm` scripts give it), the PATH, our cache. */
export function whereToLook(config: Pick<Config, "natsServer">, env: NodeJS.ProcessEnv): LocateOptions {
  const cacheDir = env["SLUICE_CACHE"] ?? join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sluice");
  return {
    path: env["PATH"] ?? "",
    cacheDir,
    ...(config.natsServer === undefined ? {} : { explicit: config.natsServer }),
  };
}
