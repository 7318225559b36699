// Where sources mount their routes.
// Owns:      one listener a port, open while a route is mounted on it.
// Invariants
//   I1. Changes of one port happen one after the other; requests are never held up by them.
//   I2. A mount of the same owner, port and path replaces the earlier one in one step.
//   I3. Unmounting waits for the requests in that route, at most `graceMs`.
import { type Clock, type Logger, sleepFor } from "@sluice/base";
import type { Ingress, IngressRoute } from "@sluice/sources";
import { IngressError } from "../errors.ts";
import { defaultLimits, type IngressLimits, PortListener } from "./listener.ts";
import { type Mounted, ownerOf, replaces } from "./route-table.ts";

export interface IngressOptions {
  /** Address to bind. Default 127.0.0.1: webhooks are reachable from outside only by choice. */
  readonly host?: string;
  readonly limits?: Partial<IngressLimits>;
  /** Ms that requests under way get at unmounting. Default 5,000. */
  readonly graceMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface HttpIngress extends Ingress, AsyncDisposable {
  /** The port that a route asked for as `port` is really on; another one only for 0. */
  portOf(port: number): number | undefined;
}

/** Opens nothing by itself: a port is listened on while a route is mounted there. */
export function makeIngress(options: IngressOptions): HttpIngress {
  return new NodeIngress(options);
}

class NodeIngress implements HttpIngress {
  readonly #host: string;
  readonly #limits: IngressLimits;
  readonly #graceMs: number;
  readonly #options: IngressOptions;
  readonly #listeners = new Map<number, PortListener>();
  /** The last change of each port; the next waits for it. */
  readonly #changes = new Map<number, Promise<unknown>>();

  constructor(options: IngressOptions) {
    this.#options = options;
    this.#host = options.host ?? "127.0.0.1";
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#graceMs = options.graceMs ?? 5_000;
  }

  portOf(port: number): number | undefined {
    return this.#listeners.get(port)?.port;
  }

  async mount(route: IngressRoute): Promise<AsyncDisposable> {
    const mounted: Mounted = { route, inFlight: 0, onIdle: undefined };
    await this.#change(route.port, () => this.#add(mounted));
    let unmounting: Promise<void> | undefined;
    return {
      [Symbol.asyncDispose]: () => {
        unmounting ??= this.#unmount(mounted);
        return unmounting;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const mounted = [...this.#listeners.values()].flatMap((listener) => listener.table.all);
    await Promise.all(mounted.map((m) => this.#unmount(m)));
  }

  async #add(mounted: Mounted): Promise<void> {
    const { route } = mounted;
    const open = this.#listeners.get(route.port);
    if (open === undefined) {
      const { clock, log } = this.#options;
      const listener = await PortListener.open(
        { limits: this.#limits, now: () => clock.now(), log },
        this.#host,
        route,
      );
      listener.table = listener.table.with(mounted);
      this.#listeners.set(route.port, listener);
      return;
    }
    const table = open.table.with(mounted);
    const other = open.table.all.find((m) => !replaces(route, m.route) && !sameCertificate(m.route, route));
    if (other !== undefined || open.tls !== (route.tls !== undefined)) {
      const takenBy = ownerOf((other ?? open.table.all[0])?.route ?? route);
      throw IngressError.TLS_CONFLICT({ port: route.port, wantedBy: ownerOf(route), takenBy });
    }
    if (route.tls !== undefined) open.useCertificate(route.port, route.tls);
    open.table = table;
  }

  async #unmount(mounted: Mounted): Promise<void> {
    const { port } = mounted.route;
    await this.#change(port, () => {
      const listener = this.#listeners.get(port);
      if (listener !== undefined) listener.table = listener.table.without(mounted);
    });
    await this.#idle(mounted);
    await this.#change(port, () => this.#closeWhenEmpty(port));
  }

  async #idle(mounted: Mounted): Promise<void> {
    if (mounted.inFlight === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    mounted.onIdle = resolve;
    const timer = new AbortController();
    await Promise.race([promise, sleepFor(this.#options.clock, this.#graceMs, timer.signal)]);
    timer.abort();
  }

  async #closeWhenEmpty(port: number): Promise<void> {
    const listener = this.#listeners.get(port);
    if (listener === undefined || listener.table.all.length > 0) return;
    this.#listeners.delete(port);
    const closed = listener.close();
    const timer = new AbortController();
    const inTime = await Promise.race([
      closed.then(() => true),
      sleepFor(this.#options.clock, this.#graceMs, timer.signal).then(() => false),
    ]);
    timer.abort();
    if (inTime) return;
    listener.cut();
    await closed;
  }

  #change<T>(port: number, work: () => T | Promise<T>): Promise<T> {
    const before = this.#changes.get(port) ?? Promise.resolve();
    const done = before.then(work, work);
    const settled = done.then(
      () => {},
      () => {},
    );
    this.#changes.set(port, settled);
    void settled.then(() => {
      if (this.#changes.get(port) === settled) this.#changes.delete(port);
    });
    return done;
  }
}

function sameCertificate(a: IngressRoute, b: IngressRoute): boolean {
  if (a.tls === undefined || b.tls === undefined) return a.tls === b.tls;
  return Buffer.compare(a.tls.cert, b.tls.cert) === 0 && Buffer.compare(a.tls.key, b.tls.key) === 0;
}
