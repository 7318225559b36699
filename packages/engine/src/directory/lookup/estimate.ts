import { type Estimate, nodeSeconds, originLabels, secondsBetween } from "../../estimation/estimate.ts";
import { archivedObject } from "../archived/object.ts";
import type { RunPlaces } from "../places.ts";

/** A larger run gives an estimate of itself alone: to unpack its nodes would hold up the process. Characters, packed. */
const maxPackedChars = 128 * 1024;
/** Runs of which the estimate is remembered. */
const maxKnown = 100;

/** One look at the archive's index for each run that starts; what the last run of a template took is read once. */
export class EstimateBook {
  /** By the uid of the run that went well. */
  readonly #known = new Map<string, Promise<Estimate>>();

  async estimate(
    places: RunPlaces,
    namespace: string,
    labels: Readonly<Record<string, string>>,
  ): Promise<Estimate | undefined> {
    const row = await places.index.newest(namespace, labels);
    if (row === undefined || places.deletions.has(row.uid)) return undefined;
    const known = this.#known.get(row.uid) ?? read(places, row);
    this.#known.delete(row.uid);
    this.#known.set(row.uid, known);
    known.catch(() => this.#known.delete(row.uid));
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
    return known;
  }
}

/** Whether a run with these labels has an estimate, where one of its kind went well. */
export const isEstimated = (labels: Readonly<Record<string, string>>): boolean =>
  originLabels.some((label) => labels[label] !== undefined);

async function read(
  places: RunPlaces,
  row: NonNullable<Awaited<ReturnType<RunPlaces["index"]["newest"]>>>,
): Promise<Estimate> {
  const seconds = secondsBetween(row.startedAt, row.finishedAt);
  // Nobody is told of less than a second: such an object is not worth unpacking.
  const isWorth = seconds > 0 && row.packedChars <= maxPackedChars;
  const object = isWorth ? await archivedObject(places, row) : undefined;
  return { seconds, nodes: object === undefined ? {} : nodeSeconds(object) };
}
