// KV `resources`: applied manifests, each with its generation.
import { hasCode, messageOf, stableJson } from "@sluice/base";
import type { Resource, ResourceChange, Resources } from "../ports/resources.ts";
import type { KvChange, KvEntry } from "../ports/transport.ts";
import { fromToken, token } from "../subjects.ts";
import { asVersioned, checkNames } from "./content/body.ts";
import type { StoreContext } from "./context.ts";
import { entryItem, readItem, watchEach } from "./reading/item.ts";

type StoredResource = Omit<Resource, "revision"> & { readonly v: 1 };

/** Writers that lose to another one try again so often. */
const tries = 10;

export function makeResources(context: StoreContext): Resources {
  const { transport, body, clock } = context;
  const bucket = transport.keyValue("resources");
  const keyOf = (kind: string, namespace: string, name: string) =>
    [kind, namespace, name].map(token).join(".");

  const decode = async (entry: KvEntry): Promise<Resource> => {
    const message = { data: entry.value, seq: entry.revision, headers: {} };
    const raw = await body.unpack("resource", message);
    const { v: _, ...resource } = asVersioned<StoredResource>("resource", entry.revision, raw);
    checkNames("resource", entry.revision, resource, identity);
    return { ...resource, revision: entry.revision };
  };
  const write = async (key: string, value: StoredResource, revision: number | undefined) => {
    const place = { bucket: "resources", key } as const;
    const ack = await body.send(place, value, async ({ data }) => ({
      seq: await (revision === undefined ? bucket.create(key, data) : bucket.update(key, data, revision)),
    }));
    return ack.seq;
  };
  const current = async (key: string): Promise<Resource | undefined> => {
    const entry = await bucket.get(key);
    return entry === undefined ? undefined : decode(entry);
  };

  return {
    async apply(kind, namespace, name, manifest) {
      const key = keyOf(kind, namespace, name);
      for (let attempt = 1; ; attempt++) {
        const known = await current(key);
        if (known !== undefined && stableJson(known.manifest) === stableJson(manifest))
          return { resource: known, outcome: "unchanged" };
        const generation = (known?.generation ?? 0) + 1;
        const stored = { v: 1 as const, kind, namespace, name, generation, appliedAt: clock.now(), manifest };
        try {
          const revision = await write(key, stored, known?.revision);
          const { v: _, ...resource } = stored;
          return {
            resource: { ...resource, revision },
            outcome: known === undefined ? "created" : "configured",
          };
        } catch (error) {
          if (!hasCode(error, "BUS_WRONG_SEQUENCE") || attempt >= tries) throw error;
        }
      }
    },
    get: (kind, namespace, name) => current(keyOf(kind, namespace, name)),
    async list(kind, namespace) {
      const found: Resource[] = [];
      const filter = `${token(kind)}.${namespace === undefined ? "*" : token(namespace)}.*`;
      for await (const entry of bucket.entries(filter)) {
        const resource = await decodeOrSkip(entry);
        if (resource !== undefined) found.push(resource);
      }
      return found.sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name));
    },
    async delete(kind, namespace, name) {
      const key = keyOf(kind, namespace, name);
      if ((await bucket.get(key)) === undefined) return false;
      await bucket.delete(key);
      return true;
    },
    watch(kinds, signal) {
      // A name too long to be read back from its key is known from the time when it was applied.
      const names = new Map<string, Identity>();
      const read = async (change: KvChange): Promise<ResourceChange | undefined> =>
        change.type === "caught-up" ? change : changeOf(change, kinds, names);
      return watchEach(context, bucket.watch(">", signal), read, signal);
    },
  };

  async function changeOf(
    change: Exclude<KvChange, { type: "caught-up" }>,
    kinds: readonly string[],
    names: Map<string, Identity>,
  ): Promise<ResourceChange | undefined> {
    const key = change.type === "put" ? change.entry.key : change.key;
    if (!kinds.includes(fromToken(key.split(".")[0] ?? "") ?? "")) return undefined;
    if (change.type === "put") {
      const resource = await decodeOrSkip(change.entry);
      if (resource === undefined) return undefined;
      if (identityOf(key) === undefined) names.set(key, resource);
      return { type: "applied", resource };
    }
    const identity = identityOf(key) ?? names.get(key);
    if (identity === undefined) return undefined;
    const { kind, namespace, name } = identity;
    return { type: "deleted", kind, namespace, name };
  }

  function decodeOrSkip(entry: KvEntry): Promise<Resource | undefined> {
    const door = {
      read: () => decode(entry),
      setAside: async (error: unknown) =>
        context.log.error("unreadable resource passed over", { key: entry.key, reason: messageOf(error) }),
    };
    return readItem(context, entryItem({ name: "resources", bucket, entry }, door));
  }
}

const identity = ["kind", "namespace", "name"] as const;
type Identity = Pick<Resource, (typeof identity)[number]>;

function identityOf(key: string): Identity | undefined {
  const [kind, namespace, name] = key.split(".").map(fromToken);
  if (kind === undefined || namespace === undefined || name === undefined) return undefined;
  return { kind, namespace, name };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
