/** Bounds on a manifest text. Each protects from a text that costs far more than its size. */
export interface ParseLimits {
  readonly maxBytes: number;
  /** Nesting of maps and lists. */
  readonly maxDepth: number;
  readonly maxDocuments: number;
  /** Words, signs, spaces and line ends of the text: each costs microseconds, however short. */
  readonly maxTokens: number;
  /** Anchors, aliases and tags: the cheapest way to make a text that means far more than it says. */
  readonly maxMarks: number;
  /** Values after aliases are followed. */
  readonly maxNodes: number;
}

export const defaultLimits: ParseLimits = {
  maxBytes: 4 * 1024 * 1024,
  maxDepth: 100,
  maxDocuments: 500,
  // What fits into one Kubernetes object (1.5 MB) has about 540,000; each costs 2 to 3 microseconds.
  maxTokens: 600_000,
  maxMarks: 10_000,
  maxNodes: 1_000_000,
};
