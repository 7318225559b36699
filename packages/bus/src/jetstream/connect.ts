import type { Clock, Logger, Random } from "@sluice/base";
import { makeTransport } from "../core/transport.ts";
import { BusError } from "../errors.ts";
import type { Transport } from "../ports/transport.ts";
import { isAtLeast, minimumVersion } from "../server/version.ts";
import { allStreams } from "../streams.ts";
import { Connection, type NatsAuth } from "./connection.ts";
import { JetStreamLayer } from "./layer.ts";

export interface JetStreamOptions {
  /** `nats://host:4222`, one or several of one cluster. */
  readonly servers: string | readonly string[];
  readonly auth?: NatsAuth;
  /** Prefix of all subjects and stream names. Default `sluice`. */
  readonly prefix?: string;
  /** Copies of each stream: 1 (default), 3 or 5. */
  readonly replicas?: number;
  /** What an acknowledgement means here, where it is known: the server's `sync_interval`. Default "unknown". */
  readonly sync?: string;
  /** Bytes that EVENTS may hold. Default 8 GiB. */
  readonly eventsMaxBytes?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Gives up the start (not the running transport). */
  readonly signal?: AbortSignal;
}

/**
 * Connects, brings all streams and buckets to their settings, and gives the Transport. **Owns** the connection.
 * Errors: BUS_UNAVAILABLE, BUS_DENIED, BUS_SERVER_TOO_OLD, BUS_STREAM_SETTINGS.
 */
export async function connectJetStream(options: JetStreamOptions): Promise<Transport> {
  const { clock, random, log } = options;
  const servers = typeof options.servers === "string" ? options.servers.split(",") : options.servers;
  const prefix = options.prefix ?? "sluice";
  const replicas = options.replicas ?? 1;
  options.signal?.throwIfAborted();
  const connection = await Connection.open({ servers, auth: options.auth ?? {}, clock, log });
  const layer = new JetStreamLayer({
    connection,
    clock,
    random,
    log,
    replicas,
    sync: options.sync ?? "unknown",
  });
  try {
    const version = connection.nats.info?.version ?? "0";
    if (!isAtLeast(version, minimumVersion))
      throw BusError.SERVER_TOO_OLD({ where: connection.nats.getServer(), version, wanted: minimumVersion });
    if (replicas > 1 && (connection.nats.info as { cluster?: string } | undefined)?.cluster === undefined)
      throw BusError.STREAM_SETTINGS({
        stream: `${prefix.toUpperCase()}_*`,
        reason: `${replicas} replicas need a cluster, this server stands alone`,
      });
    options.signal?.throwIfAborted();
    const limits = options.eventsMaxBytes === undefined ? {} : { eventsMaxBytes: options.eventsMaxBytes };
    await layer.ensure(allStreams({ prefix, replicas, ...limits }));
    return makeTransport(layer, prefix);
  } catch (error) {
    await layer[Symbol.asyncDispose]();
    throw error;
  }
}
