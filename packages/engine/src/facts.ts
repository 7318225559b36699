// What a run's journal holds. A fact is what the world did, never what the engine made of it; a run is their fold.
// Invariants
//   F1. Facts are only ever added to: a field keeps its meaning for ever, and readers take records without newer fields.
//   F2. Every record that an engine writes begins with `engine`, so that each writer can tell its own records from
//       those of another engine, which fence it. Commands (`stop`, `suspend`, `resume`, `set`, `delete`, `label`) may come from
//       anyone and fence nobody.
import type { RunSubmitted, Template, WorkflowSpec } from "@sluice/spec";
import type { KnownConfigMap } from "./definitions/config-maps.ts";
import type { SavedArtifact } from "./executor/artifacts.ts";
import type { ContainerEnd } from "./executor/events.ts";
import type { NodeOutputs } from "./run/state/node.ts";

/** Version of the fact format that this code writes; carried by each `engine` fact. */
export const factVersion = 1;

/** Head of every record that an engine writes; alone, it is the claim with which it takes a run. */
export interface EngineMark {
  readonly type: "engine";
  readonly v: number;
  readonly at: number;
  /** Names one start of one engine process. */
  readonly engine: string;
  /** On a claim: this engine lets only so many runs go at once, so the run asks for a place before it begins. */
  readonly limited?: true;
  /** Where steps that this engine starts keep running, when that is not where the last mark with a site said. */
  readonly site?: string;
}

/** A step really runs. Told to watchers at once; stored with the next append that has another reason. */
export interface StepStarted {
  readonly type: "started";
  readonly at: number;
  readonly step: string;
  readonly host?: string;
}

/**
 * How far a step is by its own word. Told to watchers at once; stored with the next append that has another reason, at the
 * latest a minute after it was told, and what was told meanwhile is one fact.
 */
export interface StepProgressed {
  readonly type: "progress";
  readonly at: number;
  readonly step: string;
  /** `N/M`. */
  readonly progress: string;
}

/** A daemon's step may be used from now on; comes again with another `ip` when it was made anew elsewhere. */
export interface StepReady {
  readonly type: "ready";
  readonly at: number;
  readonly step: string;
  /** Where other steps reach it. */
  readonly ip?: string;
}

export interface StepFinished {
  readonly type: "finished";
  readonly at: number;
  readonly step: string;
  readonly startedAt: number;
  readonly exitCode: number;
  /** Output parameters by name; a file that was not there is not in it. */
  readonly outputs?: Readonly<Record<string, string>>;
  readonly result?: string;
  /** What it said last of how far it is: `N/M`. */
  readonly progress?: string;
  /** By output parameter: why a file that was there could not be taken. */
  readonly unread?: Readonly<Record<string, string>>;
  /** Output artifacts that were saved, by name: where, and how much. */
  readonly artifacts?: Readonly<Record<string, SavedArtifact>>;
  /** By output artifact: why one that was there could not be saved. */
  readonly unsaved?: Readonly<Record<string, string>>;
  readonly deadline?: true;
  readonly message?: string;
  readonly host?: string;
  /** It could not do its work: Error, not Failed. */
  readonly error?: true;
  /** Of a step of several containers: each one's end. */
  readonly containers?: readonly ContainerEnd[];
}

export interface StepLost {
  readonly type: "lost";
  readonly at: number;
  readonly step: string;
  readonly reason: string;
}

export interface StepRefused {
  readonly type: "refused";
  readonly at: number;
  readonly step: string;
  readonly code: string;
  readonly message: string;
}

/** The locks that the run, or a node of it, asked for are its own now. */
export interface Locked {
  readonly type: "locked";
  readonly at: number;
  readonly ask: string;
  /** By lock, as it is shown: the number of the acquisition, which grows with each holder of that lock. */
  readonly fences: Readonly<Record<string, number>>;
}

/** What the cache said to a call that asked. */
export interface Remembered {
  readonly type: "remembered";
  readonly at: number;
  readonly ask: string;
  /** Absent: nothing is remembered, or it is too old. */
  readonly hit?: { readonly node: string; readonly createdAt: number; readonly outputs?: NodeOutputs };
}

/** What a ConfigMap had when a call first needed a key of it whose name, or whose map's, was not known before. */
export interface Configured {
  readonly type: "configured";
  readonly at: number;
  readonly ask: string;
  /** With this key of it and no other. */
  readonly map: KnownConfigMap;
}

/** What was asked for cannot be had, now or later. */
export interface Denied {
  readonly type: "denied";
  readonly at: number;
  readonly ask: string;
  readonly message: string;
}

/** The clock passed `at`: everything that was due by then happens. */
export interface TimerDue {
  readonly type: "timer";
  readonly at: number;
}

/**
 * What the run's spec names outside of it, as it was when an engine took the run: from then on nothing of it changes.
 * Written once, before the run starts. What is not in it was not there.
 */
export interface DefinitionsFixed {
  readonly type: "definitions";
  readonly at: number;
  /** The spec of `workflowTemplateRef`, with those of its templates that are used. */
  readonly base?: WorkflowSpec;
  /** The templates that are used, by scope: `namespaced/<name>` or `cluster/<name>`. */
  readonly templates?: Readonly<Record<string, readonly Template[]>>;
  /** By name, with the keys that are used. */
  readonly configMaps?: Readonly<Record<string, KnownConfigMap>>;
  /** Why they could not be read, although the bus answered. */
  readonly problem?: string;
}

/**
 * How long the run and its nodes may take, by the last one of its template that went well: looked for once, when an engine
 * begins with it, and shown from then on whatever becomes of that other run. Nothing follows from it. Not written where
 * nothing is known, or that run took less than a second.
 */
export interface Estimated {
  readonly type: "estimated";
  readonly at: number;
  /** Whole seconds. */
  readonly seconds: number;
  /** By name behind the run's own: whole seconds of the longest nodes. */
  readonly nodes?: Readonly<Record<string, number>>;
}

/**
 * The run is archived and its journal about to go: last of its facts. A deletion comes either before it, and the engine
 * carries it out, or finds it, and is carried out on the archive by who asked.
 */
export interface Sealed {
  readonly type: "sealed";
  readonly at: number;
}

/** Who asked, as in `RunRequester`: a user's name. */
interface Command {
  readonly at: number;
  readonly by: string;
}

export interface StopRequested extends Command {
  readonly type: "stop";
  readonly strategy: "Stop" | "Terminate";
  readonly message?: string;
  /** Only the suspend nodes that match fail; the run goes on. */
  readonly selector?: string;
}
export interface SuspendRequested extends Command {
  readonly type: "suspend";
}
export interface Resumed extends Command {
  readonly type: "resume";
  /** Argo's node field selector; absent = the run and every waiting suspend node. */
  readonly selector?: string;
  readonly parameters?: Readonly<Record<string, string>>;
}
export interface OutputsSet extends Command {
  readonly type: "set";
  readonly selector: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly phase?: "Succeeded" | "Failed" | "Error";
  readonly message?: string;
}
export interface Deleted extends Command {
  readonly type: "delete";
}

/** Changes of the run's own labels and annotations; null takes one away. */
export interface Relabelled extends Command {
  readonly type: "label";
  readonly labels?: Readonly<Record<string, string | null>>;
  readonly annotations?: Readonly<Record<string, string | null>>;
}

export type CommandFact = StopRequested | SuspendRequested | Resumed | OutputsSet | Deleted | Relabelled;
/** The world's answer to an ask of the run. One that is not awaited any more changes nothing. */
export type AnswerFact = Locked | Remembered | Configured | Denied;
export type StepFact = StepStarted | StepProgressed | StepReady | StepFinished | StepLost | StepRefused;
export type Fact =
  | RunSubmitted
  | EngineMark
  | DefinitionsFixed
  | Estimated
  | StepFact
  | AnswerFact
  | TimerDue
  | Sealed
  | CommandFact;

const commandTypes: ReadonlySet<string> = new Set(["stop", "suspend", "resume", "set", "delete", "label"]);

/** Whether the API may write it: such facts fence no engine. */
export const isCommand = (fact: Fact): fact is CommandFact => commandTypes.has(fact.type);
