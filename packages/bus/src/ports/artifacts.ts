/**
 * The default artifact repository: keys to files, like a bucket of an object store, one for each namespace. What is
 * written last at a key is what lies there.
 */
export interface ArtifactStore {
  /**
   * Stores a file; `open` gives its content, the same each time, and is called up to twice. May be repeated.
   * Errors: BUS_ARTIFACT_KEY (never), BUS_UNAVAILABLE, BUS_STREAM_FULL (later).
   */
  put(
    place: ArtifactPlace,
    open: () => AsyncIterable<Uint8Array>,
  ): Promise<{ readonly bytes: number; readonly hash: string }>;
  /** A folder that may be empty, or a symbolic link in one. */
  mark(
    place: ArtifactPlace,
    what: { readonly kind: "folder" } | { readonly kind: "link"; readonly target: string },
  ): Promise<void>;
  /** The file at the key, not what lies under it. */
  find(namespace: string, key: string): Promise<StoredArtifact | undefined>;
  /** All that lies under the key (`""`: all of the namespace), in no order that means anything. */
  list(namespace: string, key: string): AsyncIterable<StoredArtifact>;
  /** Errors: BUS_OBJECT_CORRUPT, also when it was overwritten and its content is gone. */
  read(artifact: StoredArtifact): AsyncIterable<Uint8Array>;
  /** Removes what lies at the key and under it, if it is of this owner. */
  remove(namespace: string, key: string, owner: string): Promise<void>;
}

export interface ArtifactPlace {
  readonly namespace: string;
  readonly key: string;
  readonly owner: string;
  readonly mode?: number;
}

/** What is stored at a key of the artifact repository: a file, a link, or the mark of a folder (its key ends in `/`). */
export interface StoredArtifact {
  readonly namespace: string;
  /** Names joined by `/`, as in an object store. */
  readonly key: string;
  readonly kind: "file" | "folder" | "link";
  readonly bytes: number;
  /** SHA-256 of its content, hex. */
  readonly hash: string;
  /** Uid of the run that wrote it. */
  readonly owner: string;
  /** Permission bits. */
  readonly mode?: number;
  /** Of a link: where it points, as it was written. */
  readonly target?: string;
  /** Epoch ms. */
  readonly storedAt: number;
}
