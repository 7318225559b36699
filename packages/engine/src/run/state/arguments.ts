// What a call is given: as its use says it, and as its template takes it.
import type { Artifact } from "@sluice/spec";
import type { ConfigKey } from "../../definitions/config-maps.ts";

/** A template's inputs after binding, by name, in order. */
export type BoundInputs = ReadonlyMap<string, string>;

/** A template's input artifacts after binding, by name; optional ones that were not made have no location. */
export type BoundArtifacts = ReadonlyMap<string, Artifact>;
/** Artifact arguments by name; null = its producer never made it. */
export type RenderedArtifacts = ReadonlyMap<string, Artifact | null>;

/** A value that is read before the call begins; `otherwise` where there is none. */
export interface LateValue {
  readonly key: ConfigKey;
  readonly otherwise?: string | undefined;
}

/** Arguments by name; `absent` are those whose only value was an output that does not exist (and why). */
export interface RenderedArguments {
  readonly values: ReadonlyMap<string, string>;
  readonly absent: ReadonlyMap<string, string>;
  /** Values of ConfigMaps that nobody had read yet when the arguments were made. */
  readonly late?: ReadonlyMap<string, LateValue> | undefined;
  readonly artifacts?: RenderedArtifacts | undefined;
}
