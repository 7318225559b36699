import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KubeClient, WatchEvent } from "../client.ts";
import { type KubeObject, resources } from "../object.ts";

export interface KubeBench {
  readonly client: KubeClient;
  /** Empty at the start, and this suite's alone. */
  readonly namespace: string;
}

const { configMaps } = resources;

/** What every KubeClient keeps. Called from the client's own test; `open` may be slow (it may start a cluster). */
export function kubeConformance(name: string, open: () => Promise<KubeBench>): void {
  describe(`${name} keeps the KubeClient contract`, () => {
    let client: KubeClient;
    let namespace: string;
    beforeAll(async () => {
      ({ client, namespace } = await open());
    });
    afterAll(async () => {
      const { items } = await client.list(configMaps, { namespace, labelSelector: "suite=conformance" });
      for (const { metadata } of items) await client.delete(configMaps, metadata);
    });
    const config = (objectName: string, data: Record<string, string> = {}): KubeObject => ({
      metadata: { name: objectName, namespace, labels: { suite: "conformance", name: objectName } },
      data,
    });

    test("gives back what was created, with uid and version", async () => {
      const made = await client.create(configMaps, config("made", { a: "1" }));
      const read = await client.get(configMaps, { namespace, name: "made" });

      expect(made).toMatchObject({ apiVersion: "v1", kind: "ConfigMap", data: { a: "1" } });
      expect(read.metadata.uid).toBe(made.metadata.uid);
      expect(read.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    });

    test("says what is missing, what exists already, and what it does not know", async () => {
      await client.create(configMaps, config("twice"));

      await expect(client.create(configMaps, config("twice"))).rejects.toMatchObject({ code: "KUBE_EXISTS" });
      await expect(client.get(configMaps, { namespace, name: "none" })).rejects.toMatchObject({
        code: "KUBE_NOT_FOUND",
        retry: "never",
      });
      await expect(client.delete(configMaps, { namespace, name: "none" })).rejects.toMatchObject({
        code: "KUBE_NOT_FOUND",
      });
      await expect(client.resolve("v1", "Nonesuch")).rejects.toMatchObject({ code: "KUBE_UNKNOWN_KIND" });
    });

    test("finds where a kind is kept", async () => {
      expect(await client.resolve("v1", "ConfigMap")).toEqual(configMaps);
    });

    test("lists by label, over several pages", async () => {
      for (const objectName of ["page-1", "page-2", "page-3"])
        await client.create(configMaps, {
          metadata: { name: objectName, namespace, labels: { suite: "conformance", page: "yes" } },
        });

      const scope = { namespace, labelSelector: "suite=conformance,page=yes", pageSize: 2 };
      const { items, resourceVersion } = await client.list(configMaps, scope);
      expect(items.map((item) => item.metadata.name).sort()).toEqual(["page-1", "page-2", "page-3"]);
      expect(resourceVersion).not.toBe("");
    });

    test("merges a patch, and takes away what is null", async () => {
      await client.create(configMaps, config("patched", { keep: "1", drop: "2" }));
      const body = { data: { drop: null, more: "3" } };
      const patched = await client.patch(configMaps, { namespace, name: "patched" }, { type: "merge", body });

      expect(patched["data"]).toEqual({ keep: "1", more: "3" });
    });

    test("applies: creates what is missing, changes what is there", async () => {
      await client.apply(configMaps, config("applied", { a: "1" }));
      await client.apply(configMaps, config("applied", { a: "2" }));

      const read = await client.get(configMaps, { namespace, name: "applied" });
      expect(read["data"]).toEqual({ a: "2" });
    });

    test("deletes only the object of the uid that was named", async () => {
      const made = await client.create(configMaps, config("deleted"));
      const ref = { namespace, name: "deleted" };

      await expect(client.delete(configMaps, ref, { uid: "another" })).rejects.toMatchObject({
        code: "KUBE_CONFLICT",
      });
      await client.delete(configMaps, ref, made.metadata.uid === undefined ? {} : { uid: made.metadata.uid });
      await expect(client.get(configMaps, ref)).rejects.toMatchObject({ code: "KUBE_NOT_FOUND" });
    });

    test("watches from a list on: each change once, in order, and only what matches", async () => {
      const labelSelector = "name=watched";
      const { resourceVersion } = await client.list(configMaps, { namespace, labelSelector });
      const ref = { namespace, name: "watched" };
      await client.create(configMaps, config("unwatched"));
      await client.create(configMaps, config("watched", { n: "1" }));
      await client.patch(configMaps, ref, { type: "merge", body: { data: { n: "2" } } });

      const stop = new AbortController();
      const seen: WatchEvent[] = [];
      for await (const event of client.watch(
        configMaps,
        { namespace, labelSelector, resourceVersion },
        stop.signal,
      )) {
        if (event.type === "bookmark") continue;
        seen.push(event);
        if (event.type === "modified") await client.delete(configMaps, ref);
        if (event.type === "deleted") stop.abort();
      }
      expect(seen.map((event) => event.type)).toEqual(["added", "modified", "deleted"]);
    });

    test("ends a watch quietly when it is told to", async () => {
      const { resourceVersion } = await client.list(configMaps, { namespace });
      const events = client.watch(configMaps, { namespace, resourceVersion }, AbortSignal.abort());

      for await (const event of events) throw new Error(`nothing was to come, but ${event.type} did`);
    });
  });
}
