import type { Container, ContainerSet, HttpTemplate, ResourceTemplate, Script } from "@sluice/spec";
import type { ArtifactInput } from "./artifacts.ts";

/** What the step does. */
export type StepWork =
  | { readonly kind: "container"; readonly container: Container }
  | { readonly kind: "script"; readonly script: Script }
  /** Several containers in one place, each after those that it depends on. */
  | { readonly kind: "containerSet"; readonly containerSet: ContainerSet }
  /** A request to an HTTP server; the answer's body is the result. */
  | {
      readonly kind: "http";
      readonly http: Omit<HttpTemplate, "successCondition">;
      readonly success?: Condition;
    }
  /** The keys under a key of the artifact repository ("" = all of the namespace), put through expressions over `data`. */
  | { readonly kind: "data"; readonly key: string; readonly transformation: readonly Condition[] }
  /** Something done to a Kubernetes object. */
  | ResourceWork;

/** Kinds that run as processes or pods; the others are done by the agent, inside this process. */
export type ContainerWork = Extract<StepWork, { readonly kind: "container" | "script" }>;

export interface ResourceWork {
  readonly kind: "resource";
  readonly resource: Omit<
    ResourceTemplate,
    "manifest" | "manifestFrom" | "successCondition" | "failureCondition"
  >;
  readonly manifest?: Condition;
  /** The manifest is this artifact's content. */
  readonly manifestFrom?: ArtifactInput;
  readonly success?: Condition;
  readonly failure?: Condition;
  /** Output parameters that are read from the object. */
  readonly outputs: readonly {
    readonly name: string;
    readonly jsonPath?: string;
    readonly jqFilter?: string;
  }[];
}

/** An expression whose tags are known: their values are data in it, never part of its text. */
export interface Condition {
  readonly text: string;
  readonly tags: Readonly<Record<string, string>>;
}
