// Applied definitions as Kubernetes objects.
import { hashUid, isObject } from "@sluice/base";
import type { Resource } from "@sluice/bus";

/** The manifest with the metadata that a server gives: uid, resourceVersion, generation, creationTimestamp. */
export function objectOf(resource: Resource): Record<string, unknown> {
  const { kind, namespace, name, generation, revision, appliedAt } = resource;
  const manifest = isObject(resource.manifest) ? resource.manifest : {};
  const metadata = isObject(manifest["metadata"]) ? manifest["metadata"] : {};
  return {
    ...manifest,
    metadata: {
      ...metadata,
      name,
      ...(namespace === "" ? {} : { namespace }),
      uid: hashUid("resource", `${kind}/${namespace}/${name}`),
      resourceVersion: String(revision),
      generation,
      creationTimestamp: new Date(appliedAt).toISOString().replace(/\.\d{3}Z$/, "Z"),
    },
  };
}

const serverFields = [
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "managedFields",
  "selfLink",
];

/** The manifest without what a server adds, so that an object that was read and sent back is unchanged. */
export function storable<T extends { readonly metadata: object }>(manifest: T): T {
  const metadata = Object.fromEntries(
    Object.entries(manifest.metadata).filter(([field]) => !serverFields.includes(field)),
  );
  return { ...manifest, metadata };
}
