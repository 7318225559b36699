import { ExprError, type Language } from "./errors.ts";

/** What one evaluation may spend. */
export interface Limits {
  /** Evaluated nodes, items walked and characters produced together; default 200,000. */
  readonly maxSteps: number;
  /** Characters of any one text that is produced; default 1,048,576. */
  readonly maxOutputLength: number;
  /** Items of any one list that is produced; default 100,000. */
  readonly maxItems: number;
}

export const defaultLimits: Limits = { maxSteps: 200_000, maxOutputLength: 1_048_576, maxItems: 100_000 };

/** Deepest nesting that any of the parsers follows. */
export const maxDepth = 200;
/** Most nodes that one compiled expression may have. */
export const maxNodes = 10_000;

/** The steps left to one evaluation. Bounds: B1 every loop spends per turn; B2 a result is bounded before it is built. */
export class Budget {
  readonly limits: Limits;
  readonly #language: Language;
  #left: number;

  constructor(language: Language, limits: Partial<Limits> = {}) {
    this.limits = { ...defaultLimits, ...limits };
    this.#language = language;
    this.#left = this.limits.maxSteps;
  }

  spend(steps = 1): void {
    this.#left -= steps;
    if (this.#left < 0)
      throw ExprError.LIMIT({ language: this.#language, what: "steps", max: this.limits.maxSteps });
  }

  /** Call before a text of `length` characters is built. */
  text(length: number): void {
    if (length > this.limits.maxOutputLength)
      throw ExprError.LIMIT({
        language: this.#language,
        what: "characters of output",
        max: this.limits.maxOutputLength,
      });
    this.spend(1 + Math.floor(length / 256));
  }

  /** Call before a list of `count` items is built. */
  items(count: number): void {
    if (count > this.limits.maxItems)
      throw ExprError.LIMIT({ language: this.#language, what: "items", max: this.limits.maxItems });
    this.spend(1 + Math.floor(count / 8));
  }
}
