/** Bounds of one artifact. */
export interface ArtifactLimits {
  /** Of its content, unpacked. Default 1 GiB. */
  readonly maxBytes: number;
  /** Files, folders and links in it. Default 100,000. */
  readonly maxEntries: number;
}
export const defaultArtifactLimits: ArtifactLimits = { maxBytes: 2 ** 30, maxEntries: 100_000 };
