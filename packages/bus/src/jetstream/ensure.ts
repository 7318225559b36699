// Streams brought to their settings: created when missing, updated when they differ.
import { isObject, stableJson } from "@sluice/base";
import { BusError } from "../errors.ts";
import type { StreamSettings } from "../streams.ts";
import { type Api, ApiRefusal, apiCodes } from "./api.ts";

const nanosPerMs = 1_000_000;
/** Making a file-backed stream may wait for the disk. */
const timeoutMs = 15_000;

type Config = Readonly<Record<string, unknown>>;

/** Errors: BUS_STREAM_SETTINGS (never) when the server refuses, BUS_UNAVAILABLE. */
export async function ensureStreams(api: Api, streams: readonly StreamSettings[]): Promise<void> {
  const done = await Promise.allSettled(streams.map((settings) => ensureStream(api, settings)));
  const failed = done.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function ensureStream(api: Api, settings: StreamSettings): Promise<void> {
  const wanted = configOf(settings);
  const known = await currentConfig(api, settings.name);
  if (known !== undefined && isSubset(wanted, known)) return;
  try {
    if (known === undefined) await api.request(`STREAM.CREATE.${settings.name}`, wanted, timeoutMs);
    else await api.request(`STREAM.UPDATE.${settings.name}`, { ...known, ...wanted }, timeoutMs);
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error;
    // Two processes started at once: the other one made it.
    if (error.code === apiCodes.streamNameInUse) return ensureStream(api, settings);
    throw BusError.STREAM_SETTINGS({ stream: settings.name, reason: error.message }, error);
  }
}

async function currentConfig(api: Api, name: string): Promise<Config | undefined> {
  try {
    return (await api.request<{ config: Config }>(`STREAM.INFO.${name}`)).config;
  } catch (error) {
    if (error instanceof ApiRefusal && error.code === apiCodes.streamNotFound) return undefined;
    throw error;
  }
}

function configOf(settings: StreamSettings): Config {
  return {
    name: settings.name,
    subjects: settings.subjects,
    retention: settings.retention,
    storage: "file",
    discard: settings.discard,
    max_age: settings.maxAgeMs * nanosPerMs,
    max_bytes: settings.maxBytes,
    max_msgs_per_subject: settings.maxPerSubject,
    duplicate_window: settings.dedupWindowMs * nanosPerMs,
    num_replicas: settings.replicas,
    compression: settings.compression,
    allow_direct: true,
    // A KV bucket's own tools expect these.
    ...(settings.name.startsWith("KV_") ? { allow_rollup_hdrs: true, deny_delete: false } : {}),
  };
}

/** Whether the server has all that we want; it adds defaults of its own, which are not ours to judge. */
function isSubset(wanted: Config, known: unknown): boolean {
  if (!isObject(known)) return false;
  return Object.entries(wanted).every(
    ([key, value]) => stableJson(value) === stableJson(known[key] ?? defaultOf(value)),
  );
}

/** What a setting is when the server leaves it out of its answer. */
const defaultOf = (wanted: unknown): unknown =>
  wanted === false || wanted === 0 || wanted === "none" ? wanted : undefined;
