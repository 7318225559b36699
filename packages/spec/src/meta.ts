import { z } from "zod";

/** RFC 1123 subdomain, at most 253 characters: what Kubernetes takes as an object name. */
export const ObjectName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, {
    message: "must be lower-case letters, digits, '-' or '.', and start and end with a letter or digit",
  });

export const Namespace = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, {
    message: "must be lower-case letters, digits or '-', and start and end with a letter or digit",
  });

/** A number, boolean or string of YAML, kept as text: Argo's parameters are strings end to end. */
export const AnyString = z
  .union([z.string(), z.number(), z.boolean()])
  .transform((value) => (typeof value === "number" ? numberText(value) : String(value)));

/** A number without an exponent, as the incumbent prints it: 1e21 is 1000000000000000000000. */
export function numberText(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return value.toLocaleString("en", { useGrouping: false, maximumFractionDigits: 100 });
}

/** As AnyString, and a list or map becomes its JSON text. */
export const AnyText = z.json().transform((value) => {
  if (typeof value === "string") return value;
  return typeof value === "number" ? numberText(value) : JSON.stringify(value);
});

/** Kubernetes' IntOrString: limits that may be templated. */
export const IntOrString = z.union([z.int(), z.string()]);

/** A piece of Kubernetes that Sluice hands on as it is (volumes, affinity, probes …). */
export const KubeObject = z.record(z.string(), z.json());
export const KubeList = z.array(KubeObject);

export const StringMap = z.record(z.string(), AnyString);

export const ObjectMeta = z.strictObject({
  name: ObjectName.optional(),
  generateName: z.string().max(253).optional(),
  namespace: Namespace.optional(),
  labels: StringMap.optional(),
  annotations: StringMap.optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.int().optional(),
  creationTimestamp: z.string().nullable().optional(),
  deletionTimestamp: z.string().nullable().optional(),
  finalizers: z.array(z.string()).optional(),
  ownerReferences: KubeList.optional(),
  managedFields: z.json().optional(),
  selfLink: z.string().optional(),
});
export type ObjectMeta = z.infer<typeof ObjectMeta>;

export const SecretKeySelector = z.strictObject({
  name: z.string().optional(),
  key: z.string().min(1),
  optional: z.boolean().optional(),
});
export type SecretKeySelector = z.infer<typeof SecretKeySelector>;

export const apiVersion = "argoproj.io/v1alpha1";
