// The rows of the corpus: which document, what it needs, and how it must end.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseManifests } from "@sluice/spec";

export const root = resolve(import.meta.dirname, "../../..");
export const corpus = resolve(root, process.env["SLUICE_CORPUS"] ?? "../shared/corpus");
export const corpusIsThere = (): boolean => existsSync(join(corpus, "expected.tsv"));

export interface Case {
  /** `coinflip.yaml`, or `cron-backfill.yaml#3` for a file of several documents. */
  readonly name: string;
  /** a: only the engine; b: artifact storage; c: Kubernetes features or a companion; d: an outside service. */
  readonly group: "a" | "b" | "c" | "d" | "fixture";
  readonly needs: string;
  /** Phases that it may end in; `Valid` for what is only applied. */
  readonly phases: readonly string[];
  /** What the row says of it, for people. */
  readonly expectation: string;
  readonly file: string;
  readonly document: Manifest;
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name?: string };
}

/** Every row of `expected.tsv`, in its order. */
export function cases(): readonly Case[] {
  const rows = readFileSync(join(corpus, "expected.tsv"), "utf8").trim().split("\n").slice(1);
  return rows.map(caseOf);
}

function caseOf(row: string): Case {
  const [path = "", needs = "", phase = "", expectation = ""] = row.split("\t");
  const [file = "", index = "0"] = path.split("#");
  // The product's own reader: it takes what the incumbent's does, and a stricter one does not.
  const { documents: parsed } = parseManifests(readFileSync(join(corpus, file), "utf8"), { file });
  const documents = parsed.map(({ json }) => json as unknown as Manifest);
  const document = documents[Number(index)];
  if (document === undefined) throw new Error(`${path}: the file has ${documents.length} documents`);
  return {
    name: path.replace(/^argo-workflows\//, ""),
    group: needs.startsWith("fixture") ? "fixture" : (needs[0] as Case["group"]),
    needs,
    phases: phase.replaceAll("*", "").split("|"),
    expectation,
    file,
    document,
  };
}
