/**
 * Edits between two texts: insert, delete, replace, swap of neighbours each count one (optimal string alignment).
 * Cost: the product of the lengths; callers pass field names.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** Longest text that is compared; a longer one has no neighbour worth naming. */
const maxCompared = 64;

/** The candidate that `wanted` most likely meant, or undefined when none is near. Case does not count. */
export function nearest(wanted: string, candidates: Iterable<string>): string | undefined {
  if (wanted.length === 0 || wanted.length > maxCompared) return undefined;
  const lower = wanted.toLowerCase();
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (candidate === "" || Math.abs(candidate.length - wanted.length) > limit) continue;
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean 'x'?`, or the second text when nothing is near. */
export function didYouMean(wanted: string, candidates: Iterable<string>, otherwise: string): string {
  const near = nearest(wanted, candidates);
  return near === undefined ? otherwise : `did you mean '${near}'?`;
}

/** Names as a list for people, cut after the twelfth. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 12).join(", ");
  return names.length > 12 ? `${shown} … (${names.length})` : shown;
}
