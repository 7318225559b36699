// Join states in the bucket `sensor-state`.
// Owns:      the keys `<namespace>.<sensor>.<trigger>` and the sensor's own `<namespace>.<sensor>`.   Talks to: KeyValue.
// Invariants
//   J1. A state is written only over the revision that it was read at: two processes never both win.
//   J2. What is remembered here is what the bucket held at its last answer; a refused write forgets it.
import { hashId, isObject, messageOf } from "@sluice/base";
import { type KeyValue, token } from "@sluice/bus";
import { SensorError } from "./errors.ts";
import { emptyJoin, type JoinState } from "./match/reduce.ts";

/** Largest state that is kept, bytes: below what one message takes. */
export const maxStateBytes = 900_000;

export interface LoadedJoin {
  readonly state: JoinState;
  /** 0 = there is no entry yet. */
  readonly revision: number;
}

const text = new TextDecoder();

export class JoinStore {
  readonly #bucket: KeyValue;
  readonly #prefix: string;
  readonly #sensor: string;
  readonly #known = new Map<string, LoadedJoin>();

  constructor(bucket: KeyValue, namespace: string, sensor: string) {
    this.#bucket = bucket;
    this.#sensor = sensor;
    this.#prefix = sensorKey(namespace, sensor);
  }

  /** Errors: SENSOR_STATE_UNREADABLE. */
  async load(trigger: string): Promise<LoadedJoin> {
    const known = this.#known.get(trigger);
    if (known !== undefined) return known;
    const key = this.#key(trigger);
    const entry = await this.#bucket.get(key);
    const loaded =
      entry === undefined
        ? { state: emptyJoin, revision: 0 }
        : { state: decode(key, entry.value), revision: entry.revision };
    this.#known.set(trigger, loaded);
    return loaded;
  }

  /** Errors: SENSOR_STATE_TOO_LARGE; BUS_WRONG_SEQUENCE when another process wrote: load and decide again. */
  async store(trigger: string, state: JoinState): Promise<void> {
    const before = await this.load(trigger);
    const value = JSON.stringify(state);
    const bytes = Buffer.byteLength(value);
    if (bytes > maxStateBytes)
      throw SensorError.STATE_TOO_LARGE({ sensor: this.#sensor, trigger, bytes, maxBytes: maxStateBytes });
    const key = this.#key(trigger);
    try {
      const revision =
        before.revision === 0
          ? await this.#bucket.create(key, value)
          : await this.#bucket.update(key, value, before.revision);
      this.#known.set(trigger, { state, revision });
    } catch (error) {
      this.#known.delete(trigger);
      throw error;
    }
  }

  /** Forgets the states of all other triggers: one that comes back under an old name begins anew. */
  async keepOnly(triggers: readonly string[]): Promise<void> {
    const kept = new Set(triggers.map((trigger) => this.#key(trigger)));
    const gone: string[] = [];
    for await (const { key } of this.#bucket.entries(`${this.#prefix}.*`)) if (!kept.has(key)) gone.push(key);
    for (const key of gone) await this.#bucket.delete(key);
  }

  #key(trigger: string): string {
    return `${this.#prefix}.${hashId(trigger).slice(0, 24)}`;
  }
}

/** The key of a sensor's own entry; its triggers' entries are below it. Hashes, since names may be longer than a token. */
export const sensorKey = (namespace: string, sensor: string): string =>
  `${token(namespace)}.${token(sensor)}`;

function decode(key: string, value: Uint8Array): JoinState {
  try {
    const state: unknown = JSON.parse(text.decode(value));
    if (
      !isObject(state) ||
      state["v"] !== 1 ||
      !Array.isArray(state["waiting"]) ||
      !Array.isArray(state["seen"])
    )
      throw new Error("it is not of format 1");
    return state as unknown as JoinState;
  } catch (error) {
    throw SensorError.STATE_UNREADABLE({ key, reason: messageOf(error) }, error);
  }
}
