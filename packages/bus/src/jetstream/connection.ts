// The connection to NATS: dialling for ever, and its state as others need it.
// Invariants
//   N1. A lost connection is dialled again for ever, with jitter; only closing ends it.
//   N2. Nothing is written while the connection is down: the client would keep it and send it whenever it is back,
//       long after the caller was told that it failed.
import { readFile } from "node:fs/promises";
import { type Clock, type Logger, messageOf, sleepFor } from "@sluice/base";
import { type ConnectionOptions, connect, credsAuthenticator, Events, type NatsConnection } from "nats";
import { BusError } from "../errors.ts";
import type { AsyncStatus } from "../ports/transport.ts";

/** How to prove who we are; files are read at each connect of the process. */
export interface NatsAuth {
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  /** Path of a `.creds` file. */
  readonly credsFile?: string;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
}

export interface ConnectionDeps {
  readonly servers: readonly string[];
  readonly auth: NatsAuth;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A live connection. **Owns** the sockets; disposing drains what was written and closes. */
export class Connection implements AsyncDisposable {
  readonly nats: NatsConnection;
  readonly #listeners = new Set<(connected: boolean) => void>();
  readonly #clock: Clock;
  readonly #log: Logger;
  #connected = true;
  #epoch = 0;

  private constructor(nats: NatsConnection, deps: ConnectionDeps) {
    this.nats = nats;
    this.#clock = deps.clock;
    this.#log = deps.log;
    void this.#watch();
  }

  /** Errors: BUS_UNAVAILABLE when no server answers, BUS_DENIED when it refuses us. */
  static async open(deps: ConnectionDeps): Promise<Connection> {
    const servers = deps.servers.map(withoutCredential).join(", ");
    try {
      return new Connection(await connect(await optionsOf(deps)), deps);
    } catch (cause) {
      const code = (cause as { code?: string }).code ?? "";
      if (/AUTH|PERMISSION|CREDS/.test(code))
        throw BusError.DENIED({ servers, reason: messageOf(cause) }, cause);
      throw BusError.UNAVAILABLE({ what: `connect to ${servers}`, reason: messageOf(cause) }, cause);
    }
  }

  get status(): AsyncStatus {
    const self = this;
    return {
      get connected() {
        return self.#connected;
      },
      onChange(listener) {
        self.#listeners.add(listener);
        return () => void self.#listeners.delete(listener);
      },
    };
  }

  /** Grows with each loss of the connection. */
  get epoch(): number {
    return this.#epoch;
  }

  get connected(): boolean {
    return this.#connected && !this.nats.isClosed();
  }

  /** Resolves true when connected, false when it did not come back within `ms` (or we are closing). */
  async whenConnected(ms: number, signal?: AbortSignal): Promise<boolean> {
    if (this.connected) return true;
    if (this.nats.isClosed() || ms <= 0) return false;
    const timer = new AbortController();
    const stop = signal === undefined ? timer.signal : AbortSignal.any([timer.signal, signal]);
    let unlisten = () => {};
    const back = new Promise<void>((resolve) => {
      unlisten = this.status.onChange(() => resolve());
    });
    await Promise.race([back, sleepFor(this.#clock, ms, stop)]);
    unlisten();
    timer.abort();
    return this.connected;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.nats.isClosed()) {
      // Draining waits for the server's answer: only a live one can give it.
      if (this.#connected) await this.nats.drain().catch(() => this.nats.close());
      else await this.nats.close();
    }
    this.#set(false);
  }

  async #watch(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === Events.Disconnect) this.#set(false);
      else if (status.type === Events.Reconnect) this.#set(true);
    }
  }

  #set(connected: boolean): void {
    if (connected === this.#connected) return;
    this.#connected = connected;
    if (!connected) this.#epoch += 1;
    if (connected) this.#log.info("bus connection is back");
    else if (!this.nats.isClosed()) this.#log.warn("bus connection lost");
    for (const listener of [...this.#listeners]) listener(connected);
  }
}

async function optionsOf({ servers, auth }: ConnectionDeps): Promise<ConnectionOptions> {
  return {
    servers: [...servers],
    name: "sluice",
    maxReconnectAttempts: -1,
    // The client would make an error with a stack for each request, in case it fails: a tenth of the time under load.
    noAsyncTraces: true,
    reconnectTimeWait: 200,
    reconnectJitter: 200,
    reconnectJitterTLS: 500,
    // A server that hangs is found by its missing pongs.
    pingInterval: 10_000,
    maxPingOut: 2,
    timeout: 5_000,
    ignoreAuthErrorAbort: true,
    ...(auth.user === undefined ? {} : { user: auth.user }),
    ...(auth.pass === undefined ? {} : { pass: auth.pass }),
    ...(auth.token === undefined ? {} : { token: auth.token }),
    ...(auth.credsFile === undefined
      ? {}
      : { authenticator: credsAuthenticator(await readFile(auth.credsFile)) }),
    ...(auth.tls === undefined ? {} : { tls: auth.tls }),
  };
}

const withoutCredential = (server: string): string => server.replace(/\/\/[^@/]*@/, "//");
