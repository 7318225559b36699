// One stored item as a typed value, and a watch of many, whatever stands in the way of one of them.
// Invariants
//   I1. What the bus cannot give now is asked for again until it can, or the reader leaves: a watch keeps its order, and
//       neither ends nor loses an item by it.
//   I2. What is gone meanwhile (purged, written over, its content collected) is passed over: nobody misses it.
//   I3. What cannot be read, now or later, costs itself: it is set aside, and the items behind it are read.
import { backoffMs, hasCode, isAppError, messageOf, retryOf, sleepFor } from "@sluice/base";
import type { KeyValue, KvEntry } from "../../ports/transport.ts";
import type { StoreContext } from "../context.ts";

/** Where an item lies, how it is read, and what becomes of it when it cannot be. */
export interface Item<T> {
  /** Stream or bucket. */
  readonly place: string;
  readonly seq: number;
  read(): Promise<T>;
  /** Whether it still is what its place holds. */
  stands(): Promise<boolean>;
  setAside(error: unknown): Promise<void>;
}

const unreadableCodes: ReadonlySet<string> = new Set(["BUS_DECODE", "BUS_OBJECT_CORRUPT"]);

/** Whether an error says that the content itself is unreadable, now and later; what has no code comes of its shape. */
const isUnreadable = (error: unknown): boolean => !isAppError(error) || unreadableCodes.has(error.code);

/** Content is stored before what refers to it, so what is missing at the second look of an item that stands is lost. */
const looks = 2;

/** Undefined when the item is gone, or was set aside. Other errors pass through. */
export async function readItem<T>(context: StoreContext, item: Item<T>): Promise<T | undefined> {
  for (let look = 1; ; look++) {
    try {
      return await item.read();
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      const { place, seq } = item;
      if (!(await item.stands())) {
        context.log.debug("an item that is gone meanwhile is passed over", { place, seq });
        return undefined;
      }
      if (look < looks) continue;
      await item.setAside(error);
      return undefined;
    }
  }
}

/** An entry of a bucket as an item. */
export function entryItem<T>(
  at: { readonly name: string; readonly bucket: KeyValue; readonly entry: KvEntry },
  door: Pick<Item<T>, "read" | "setAside">,
): Item<T> {
  const { key, revision } = at.entry;
  const stands = async () => (await at.bucket.get(key))?.revision === revision;
  return { place: at.name, seq: revision, stands, ...door };
}

const again = { baseMs: 50, factor: 2, capMs: 5_000, jitter: 0 };
/** So many failures in a row are worth a word: the shorter ones are the bus's own ups and downs. */
const wordAfter = 4;

/** What `read` makes of each item of a watch, without those of which it makes nothing. Ends as `items` do (I1). */
export async function* watchEach<I, T>(
  context: StoreContext,
  items: AsyncIterable<I>,
  read: (item: I) => Promise<T | undefined>,
  signal: AbortSignal,
): AsyncIterable<T> {
  for await (const item of items) {
    const value = await patiently(context, () => read(item), signal);
    if (value === left) return;
    if (value !== undefined) yield value;
  }
}

const left = Symbol("left");

async function patiently<T>(
  { clock, log }: StoreContext,
  read: () => Promise<T>,
  signal: AbortSignal,
): Promise<T | typeof left> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      return await unlessAborted(read(), signal);
    } catch (error) {
      if (signal.aborted || hasCode(error, "BUS_CLOSED")) return left;
      if (retryOf(error) !== "later") throw error;
      const reason = messageOf(error);
      if (attempt === wordAfter) log.warn("a watched item cannot be read yet", { reason });
      await sleepFor(clock, backoffMs(again, attempt, 0), signal);
    }
  }
  return left;
}

/** Whoever leaves does not wait for the answer of a bus that is away. */
async function unlessAborted<T>(reading: Promise<T>, signal: AbortSignal): Promise<T | typeof left> {
  const aborted = Promise.withResolvers<typeof left>();
  const leave = () => aborted.resolve(left);
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([reading, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
