// Where an event of an id lies in EVENTS: a projection that is caught up when asked, so it needs no loop of its own
// and works right after a restart.
// Invariants
//   I1. After `find` began, every event stored before is in the index, but for those pushed out by the bound.
//   I2. At most `maxEntries` ids are kept; the oldest go first.
import type { Transport } from "../ports/transport.ts";
import { namesOf } from "../subjects.ts";

export const eventIdHeader = "Ce-Id";
const maxEntries = 200_000;
/** Fewest characters of an id that may stand for it. */
const shortestPrefix = 8;

export class EventIndex {
  readonly #transport: Transport;
  readonly #seqs = new Map<string, number>();
  #cursor = 0;
  #refreshing: Promise<void> | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Sequences of the event of this id (or unique prefix of 8 or more characters), newest first; empty when there is none. */
  async find(namespace: string, id: string): Promise<readonly number[]> {
    await this.#refresh();
    const exact = this.#seqs.get(keyOf(namespace, id));
    if (exact !== undefined) return [exact];
    if (id.length < shortestPrefix) return [];
    const prefix = keyOf(namespace, id);
    const found = [...this.#seqs].filter(([key]) => key.startsWith(prefix));
    return found.length === 1 ? found.map(([, seq]) => seq) : [];
  }

  async #refresh(): Promise<void> {
    // One that began before our call may have missed what was stored meanwhile: wait for it, then read on.
    while (this.#refreshing !== undefined) await this.#refreshing;
    this.#refreshing = this.#readOn().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  async #readOn(): Promise<void> {
    const { prefix } = this.#transport;
    for await (const message of this.#transport.read("EVENTS", `${prefix}.ev.>`, this.#cursor + 1)) {
      this.#cursor = message.seq;
      const namespace = namesOf(prefix, message.subject)[0];
      const header = message.headers[eventIdHeader];
      if (namespace === undefined || header === undefined) continue;
      const key = keyOf(namespace, decodeURIComponent(header));
      this.#seqs.delete(key);
      this.#seqs.set(key, message.seq);
      if (this.#seqs.size > maxEntries) this.#seqs.delete(this.#seqs.keys().next().value ?? "");
    }
  }
}

const keyOf = (namespace: string, id: string): string => `${namespace}\0${id}`;
