// One pull session on one consumer: messages as they come, until the session is broken.
// Invariants
//   P1. No more is asked for than the reader has room for; what was asked for and not delivered is known (`#asked`).
//   P2. A session that hears nothing for two heartbeats, loses its connection or its consumer ends as "broken";
//       its owner makes a new one from the position that the owner knows.
import { type Clock, Mailbox, sleepFor } from "@sluice/base";
import { createInbox, type Msg, type Subscription } from "nats";
import type { Connection } from "./connection.ts";

const expiresMs = 30_000;
const heartbeatMs = 5_000;
const nanosPerMs = 1_000_000;

export type Pulled =
  | { readonly type: "message"; readonly msg: Msg }
  /** The server said that nothing waits now. */
  | { readonly type: "idle" }
  | { readonly type: "broken"; readonly reason: string };

export class PullSession {
  readonly #connection: Connection;
  readonly #subject: string;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  readonly #mailbox: Mailbox<Pulled>;
  readonly #ended = new AbortController();
  readonly #unlisten: () => void;
  readonly #clock: Clock;
  #heardAt: number;
  #asked = 0;
  #received = 0;
  #giveBack: ((msg: Msg) => void) | undefined;

  constructor(
    connection: Connection,
    at: { stream: string; consumer: string },
    clock: Clock,
    signal: AbortSignal,
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${at.stream}.${at.consumer}`;
    this.#mailbox = new Mailbox<Pulled>(signal);
    this.#heardAt = clock.monotonic();
    this.#unlisten = connection.status.onChange((connected) => {
      if (!connected) this.#break("connection lost");
    });
    this.#subscription = connection.nats.subscribe(this.#inbox, {
      callback: (error, msg) => (error === null ? this.#receive(msg) : this.#break(error.message)),
    });
    void this.#watchdog();
  }

  /** Messages asked for and not come yet. */
  get asked(): number {
    return this.#asked;
  }

  /** Messages that came, read or not. */
  get received(): number {
    return this.#received;
  }

  /** Since when nothing was heard, ms. */
  get silentMs(): number {
    return this.#clock.monotonic() - this.#heardAt;
  }

  /** Messages received and not read yet. */
  get unread(): number {
    return this.#mailbox.size;
  }

  /** Asks for so many more. */
  ask(batch: number): void {
    if (batch <= 0) return;
    if (!this.#connection.connected) {
      this.#break("not connected");
      return;
    }
    this.#asked += batch;
    const request = { batch, expires: expiresMs * nanosPerMs, idle_heartbeat: heartbeatMs * nanosPerMs };
    this.#connection.nats.publish(this.#subject, JSON.stringify(request), { reply: this.#inbox });
  }

  /** Whoever knows that no more wait says so, behind what was received. */
  tellIdle(): void {
    this.#mailbox.put({ type: "idle" });
  }

  pulled(): AsyncIterator<Pulled> {
    return this.#mailbox[Symbol.asyncIterator]();
  }

  /** Ends the session. What was received and not read, or still comes, goes to `giveBack`. */
  close(giveBack: (msg: Msg) => void): void {
    this.#ended.abort();
    this.#unlisten();
    for (const pulled of this.#mailbox.drain()) if (pulled.type === "message") giveBack(pulled.msg);
    this.#mailbox.close();
    this.#giveBack = giveBack;
    // Draining still hands over what the server sent before it heard of the end.
    if (!this.#connection.nats.isClosed()) void this.#subscription.drain().catch(() => {});
  }

  #receive(msg: Msg): void {
    this.#heardAt = this.#clock.monotonic();
    const status = msg.headers?.code ?? 0;
    if (this.#giveBack !== undefined) {
      if (status === 0) this.#giveBack(msg);
    } else if (status === 0) {
      this.#asked = Math.max(0, this.#asked - 1);
      this.#received += 1;
      this.#mailbox.put({ type: "message", msg });
    } else if (status === 404 || status === 408) {
      this.#asked = Math.max(
        0,
        this.#asked - Number(msg.headers?.get("Nats-Pending-Messages") || this.#asked),
      );
      this.#mailbox.put({ type: "idle" });
    } else if (status !== 100) {
      this.#break(`${status} ${msg.headers?.description ?? ""}`);
    } else {
      this.#mailbox.put({ type: "idle" });
    }
  }

  #break(reason: string): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#mailbox.put({ type: "broken", reason });
  }

  async #watchdog(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await sleepFor(this.#clock, heartbeatMs, this.#ended.signal);
      const { silentMs } = this;
      if (this.#asked > 0 && silentMs > 2 * heartbeatMs)
        this.#break(`nothing heard for ${Math.round(silentMs)} ms`);
    }
  }
}
