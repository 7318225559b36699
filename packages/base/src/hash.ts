import { createHash } from "node:crypto";

/** SHA-256 of the parts as lower-case hex. Parts are length-prefixed, so ("a","bc") and ("ab","c") differ. */
export function hashId(...parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest("hex");
}

/** FNV-1a, 32 bit: the hash in Argo's node ids and pod names. */
export function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, "utf8")) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** Kubernetes' name-suffix alphabet: no vowels, so that no words appear; no characters that look alike. */
const suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";

/** A name suffix of `length` characters that follows from `id` alone: the same cause gives the same name. */
export function nameSuffix(id: string, length: number): string {
  const bytes = createHash("sha256").update(id).digest();
  let suffix = "";
  for (let i = 0; i < length; i++) suffix += suffixAlphabet[(bytes[i % 32] ?? 0) % suffixAlphabet.length];
  return suffix;
}

/** A hash written as a UUID (version 8 layout), since clients expect that shape of a Kubernetes `metadata.uid`. */
export function hashUid(...parts: readonly string[]): string {
  const h = hashId(...parts);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-8${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20, 32)}`;
}
