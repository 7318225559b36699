// KV `memo`: memoized outputs; what does not fit a message is in the object store.
import { hasCode } from "@sluice/base";
import type { MemoEntry, MemoKey, MemoStore } from "../../ports/memo.ts";
import type { KvEntry } from "../../ports/transport.ts";
import { token } from "../../subjects.ts";
import type { StoreContext } from "../context.ts";
import { asVersioned } from "./body.ts";

type StoredMemo = MemoEntry & MemoKey & { readonly v: 1 };

/** Writers of one key that lose to another one try again so often. */
const maxTries = 10;

export function makeMemoStore({ transport, body }: StoreContext): MemoStore {
  const bucket = transport.keyValue("memo");
  const keyOf = (at: MemoKey) => [at.namespace, at.cache, at.key].map(token).join(".");
  const decode = async (entry: KvEntry): Promise<MemoEntry> => {
    const message = { data: entry.value, seq: entry.revision, headers: {} };
    const raw = await body.unpack("memoized outputs", message);
    const { node, createdAt, outputs } = asVersioned<StoredMemo>("memoized outputs", entry.revision, raw);
    return { node, createdAt, ...(outputs === undefined ? {} : { outputs }) };
  };
  /** One that cannot be read is no newer than anything. */
  const ageOf = async (entry: KvEntry): Promise<number> => {
    try {
      return (await decode(entry)).createdAt;
    } catch (error) {
      if (!hasCode(error, "BUS_DECODE")) throw error;
      return 0;
    }
  };

  return {
    async get(at) {
      const entry = await bucket.get(keyOf(at));
      return entry === undefined ? undefined : decode(entry);
    },
    async put(at, entry) {
      const key = keyOf(at);
      const stored: StoredMemo = { v: 1, ...at, ...entry };
      for (let attempt = 1; ; attempt++) {
        const there = await bucket.get(key);
        if (there !== undefined && (await ageOf(there)) >= entry.createdAt) return;
        try {
          await body.send({ bucket: "memo", key }, stored, async ({ data }) => ({
            seq: await (there === undefined
              ? bucket.create(key, data)
              : bucket.update(key, data, there.revision)),
          }));
          return;
        } catch (error) {
          if (!hasCode(error, "BUS_WRONG_SEQUENCE") || attempt >= maxTries) throw error;
        }
      }
    },
  };
}
