import { renderText } from "../values/language.ts";
import type { Scope } from "../values/scope.ts";
import type { ConfigMapContent } from "./port.ts";
import type { ConfigMapRef } from "./reach.ts";

/** Argo reads parameters only from ConfigMaps with this label. */
export const parameterLabel = { key: "workflows.argoproj.io/configmap-type", value: "Parameter" } as const;

/** What a run knows of a ConfigMap: the keys that it names. */
export interface KnownConfigMap {
  readonly values: Readonly<Record<string, string>>;
  /** It is there, and lacks the label. */
  readonly unlabelled?: true;
  /** There is none. */
  readonly missing?: true;
}
export type ConfigMaps = ReadonlyMap<string, KnownConfigMap>;

export interface ConfigKey {
  readonly name: string;
  readonly key: string;
}

/** Name and key with their tags filled in. Errors: those of tags. */
export const renderConfigKey = (ref: ConfigMapRef, scope: Scope): ConfigKey => ({
  name: renderText(ref.name ?? "", scope),
  key: renderText(ref.key, scope),
});

export type ConfigValue =
  | { readonly kind: "value"; readonly value: string }
  /** `isAbsent`: the map or its key is not there, so that a default may stand for it. */
  | { readonly kind: "none"; readonly isAbsent: boolean; readonly reason: string };

/** `unread`: its name was not known when the run started, and nobody has looked yet. */
export type ConfigLook = (key: ConfigKey) => ConfigValue | { readonly kind: "unread" };

/** A key that was read while the run was under way. */
export const lateKeyOf = ({ name, key }: ConfigKey): string => `${name}/${key}`;

/** What a run knows: ConfigMaps by name from its start, single keys from when they were first needed. */
export const configLook =
  (run: { readonly configMaps: ConfigMaps; readonly lateKeys: ConfigMaps }): ConfigLook =>
  (key) => {
    if (run.configMaps.has(key.name)) return configValue(run.configMaps, key);
    const late = run.lateKeys.get(lateKeyOf(key));
    return late === undefined ? { kind: "unread" } : configValue(new Map([[key.name, late]]), key);
  };

/** What is kept of a ConfigMap: the keys that are wanted of it. */
export function knownWith(
  content: ConfigMapContent | undefined,
  wanted: (key: string) => boolean,
): KnownConfigMap {
  if (content === undefined) return { values: {}, missing: true };
  if (content.labels[parameterLabel.key] !== parameterLabel.value) return { values: {}, unlabelled: true };
  return { values: Object.fromEntries(Object.entries(content.data).filter(([key]) => wanted(key))) };
}

/** The value behind a configMapKeyRef. */
export function configValue(maps: ConfigMaps, { name, key }: ConfigKey): ConfigValue {
  const map = maps.get(name);
  const label = `${parameterLabel.key}: ${parameterLabel.value}`;
  if (map === undefined || map.missing === true)
    return {
      kind: "none",
      isAbsent: true,
      reason: `ConfigMap '${name}' does not exist (configmaps '${name}' not found)`,
    };
  if (map.unlabelled === true)
    return {
      kind: "none",
      isAbsent: false,
      reason: `ConfigMap '${name}' needs to have the label ${label} to load parameters`,
    };
  const value = Object.hasOwn(map.values, key) ? map.values[key] : undefined;
  return value === undefined
    ? { kind: "none", isAbsent: true, reason: `ConfigMap '${name}' does not have the key '${key}'` }
    : { kind: "value", value };
}
