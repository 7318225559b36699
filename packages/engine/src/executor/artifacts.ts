export interface ArtifactInput {
  readonly name: string;
  /** Absolute, as the step sees it; without `..`. */
  readonly path: string;
  /** `key`: in the artifact repository, a file, or a folder when files lie under it. */
  readonly source:
    | { readonly kind: "raw"; readonly data: string }
    | { readonly kind: "key"; readonly key: string };
  /** Absent: seen from the content. */
  readonly archive?: ArtifactArchive["kind"];
  /** Only this part of it; relative. */
  readonly subPath?: string;
  /** Permission bits, of the path itself or, with `recurseMode`, of all below it. */
  readonly mode?: number;
  readonly recurseMode?: boolean;
  /** Nothing at the key is no error: the step starts without it. */
  readonly optional: boolean;
}

export interface ArtifactOutput {
  readonly name: string;
  /** Absolute, as the step sees it: a file or a folder. */
  readonly path: string;
  readonly key: string;
  readonly archive: ArtifactArchive;
  readonly optional: boolean;
}

/** How an artifact's content is packed. `level`: gzip's, -1 (its own choice) to 9; 0 = stored. */
export type ArtifactArchive =
  | { readonly kind: "none" }
  | { readonly kind: "tar"; readonly level?: number }
  | { readonly kind: "zip" };

export interface SavedArtifact {
  readonly key: string;
  /** As stored. */
  readonly bytes: number;
  /** SHA-256 of what is stored, for a single file or archive. */
  readonly hash?: string;
  /** For a folder that was saved file by file. */
  readonly files?: number;
}
