// The name under which the pods of this Sluice are known on a cluster.
// Invariant
//   I1. It lives as long as the bus's data: a restart finds its pods again, and another Sluice, even one of the same
//       prefix on the same cluster, never takes them for its own and removes them.
import { hasCode, type Random } from "@sluice/base";
import type { KeyValue } from "@sluice/bus";

const key = "install-id";
/** A label's value has at most 63 characters. */
const maxPrefixLength = 40;

/** Made at the first start and kept in `bucket`; a label value. Errors: those of the bus. */
export async function installIdOf(bucket: KeyValue, prefix: string, random: Random): Promise<string> {
  const made = `${prefix.slice(0, maxPrefixLength)}-${random.id().slice(0, 16)}`;
  try {
    await bucket.create(key, made);
    return made;
  } catch (error) {
    if (!hasCode(error, "BUS_WRONG_SEQUENCE")) throw error;
  }
  const entry = await bucket.get(key);
  return entry === undefined ? installIdOf(bucket, prefix, random) : new TextDecoder().decode(entry.value);
}
