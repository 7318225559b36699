import { promisify } from "node:util";
import { brotliDecompressSync, gunzip, gunzipSync } from "node:zlib";
import { type Packing, threadPacking } from "@sluice/base";
import type { ArchiveRow } from "@sluice/bus";
import type { Run } from "../run/state/run.ts";
import { keptClaimsOf } from "./kept-claims.ts";
import { labelsOf, projectWorkflow } from "./workflow.ts";
import type { WorkflowObject } from "./workflow-object.ts";

const unpack = promisify(gunzip);

/** Head of what brotli packed; base64 has no colon, so that a row without it is an older one. */
const brotliMark = "br:";
/** Longest JSON that brotli packs: some milliseconds, off the loop. */
const brotliChars = 64 * 1024;

/** Largest object that a row may grow to when read back, bytes. */
const maxObjectBytes = 256 * 1024 * 1024;

/** Packed objects up to this are unpacked in well under a millisecond. */
const syncBytes = 16 * 1024;

/** The row that stays of a finished run. */
export async function archiveRowOf(
  run: Run,
  seq: number,
  packing: Packing = threadPacking,
): Promise<ArchiveRow> {
  if (run.phase === "Pending" || run.phase === "Running") throw new Error(`run ${run.key.name} is not over`);
  const claims = keptClaimsOf(run);
  return {
    v: 1,
    key: run.key,
    uid: run.uid,
    phase: run.phase,
    ...(run.message === undefined ? {} : { message: run.message }),
    submittedAt: run.submitted.at,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt ?? run.now,
    labels: labelsOf(run),
    causes: run.submitted.causes,
    ...(run.submitted.reuse?.earlier === undefined ? {} : { earlier: run.submitted.reuse.earlier }),
    ...expiryOf(run),
    ...(claims === undefined ? {} : { claims }),
    object: await packed(projectWorkflow(run, seq), packing),
  };
}

/** As `ttlStrategy` says: what is said of this end goes before what is said of any. */
function expiryOf(run: Run): { readonly expiresAt?: number } {
  const ttl = run.spec.ttlStrategy;
  const own = run.phase === "Succeeded" ? ttl?.secondsAfterSuccess : ttl?.secondsAfterFailure;
  const seconds = own ?? ttl?.secondsAfterCompletion;
  return seconds === undefined ? {} : { expiresAt: (run.finishedAt ?? run.now) + seconds * 1_000 };
}

/**
 * Brotli knows the words of JSON and packs small objects a quarter smaller than gzip; a large one would keep a core
 * busy for long, and gains less.
 */
async function packed(object: unknown, packing: Packing): Promise<string> {
  const json = JSON.stringify(object);
  if (json.length > brotliChars) return (await packing.gzip(json)).toString("base64");
  return `${brotliMark}${(await packing.brotli(json)).toString("base64")}`;
}

interface Slimming {
  readonly seq: number;
  readonly row: ArchiveRow;
  readonly packing: Packing | undefined;
}

/** The same row without the nodes' inputs and outputs, for a run whose whole object does not fit a message. */
export async function slimmed(
  run: Run,
  { seq, row, packing = threadPacking }: Slimming,
): Promise<ArchiveRow> {
  const object = projectWorkflow(run, seq);
  const nodes = Object.fromEntries(
    Object.entries(object.status.nodes).map(([id, { inputs: _in, outputs: _out, ...node }]) => [id, node]),
  );
  return { ...row, object: await packed({ ...object, status: { ...object.status, nodes } }, packing) };
}

export async function objectOf(row: Pick<ArchiveRow, "object">): Promise<WorkflowObject> {
  if (row.object.startsWith(brotliMark)) {
    const small = Buffer.from(row.object.slice(brotliMark.length), "base64");
    const json = brotliDecompressSync(small, { maxOutputLength: maxObjectBytes });
    return JSON.parse(json.toString("utf8")) as WorkflowObject;
  }
  const packed = Buffer.from(row.object, "base64");
  // Off the loop only where that costs less than the way there and back.
  const options = { maxOutputLength: maxObjectBytes };
  const json = packed.length <= syncBytes ? gunzipSync(packed, options) : await unpack(packed, options);
  return JSON.parse(json.toString("utf8")) as WorkflowObject;
}
