import { createHash } from "node:crypto";

/** Where chance comes from. Only `base/src/system/` and `cli` know the real one. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A random identifier: 32 lower-case hex characters, 122 random bits or more. */
  id(): string;
}

/** A repeatable source (mulberry32) for simulations and tests. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  id(): string {
    let id = "";
    for (let i = 0; i < 32; i++) id += Math.floor(this.next() * 16).toString(16);
    return id;
  }
}

/** A repeatable source with as much in it as its key has: other keys give other numbers, also where there are very many. */
export class KeyedRandom implements Random {
  readonly #key: string;
  #block = Buffer.alloc(0);
  #blocks = 0;

  constructor(key: string) {
    this.#key = key;
  }

  next(): number {
    const bytes = this.#take(7);
    return (bytes.readUIntBE(0, 6) * 32 + (bytes.readUInt8(6) >>> 3)) / 2 ** 53;
  }

  id(): string {
    return this.#take(16).toString("hex");
  }

  #take(count: number): Buffer {
    if (this.#block.length < count)
      this.#block = createHash("sha256")
        .update(`${this.#blocks++}/${this.#key}`)
        .digest();
    const taken = this.#block.subarray(0, count);
    this.#block = this.#block.subarray(count);
    return taken;
  }
}
