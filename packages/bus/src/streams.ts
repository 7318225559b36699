// Settings of every stream and bucket, in one table.
import type { BucketName, StreamName } from "./ports/transport.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const gibibyte = 2 ** 30;

export interface StreamSettings {
  /** Physical name: `SLUICE_EVENTS`. */
  readonly name: string;
  readonly subjects: readonly string[];
  readonly retention: "limits" | "workqueue";
  readonly discard: "old" | "new";
  /** 0 = kept until removed. */
  readonly maxAgeMs: number;
  /** -1 = no limit of its own. */
  readonly maxBytes: number;
  /** -1 = no limit. */
  readonly maxPerSubject: number;
  readonly dedupWindowMs: number;
  readonly replicas: number;
  readonly compression: "s2" | "none";
}

/** What a deployment may choose. */
export interface StreamOptions {
  /** Prefix of all subjects, and in capitals of all stream names. Letters, digits, '-' and '_'. */
  readonly prefix: string;
  /** Copies of each stream on a cluster: 1, 3 or 5. */
  readonly replicas: number;
  /** Bytes that EVENTS may hold before publishes are refused with BUS_STREAM_FULL. Default 8 GiB. */
  readonly eventsMaxBytes?: number;
}

type Shape = Partial<Omit<StreamSettings, "name" | "subjects" | "replicas">>;

/** The dedup windows follow from what may repeat: deliveries of the outside world for hours, our own retries for minutes. */
const shapes: Readonly<Record<StreamName, { readonly kinds: readonly string[]; readonly shape: Shape }>> = {
  EVENTS: { kinds: ["ev"], shape: { discard: "new", maxAgeMs: 7 * day, dedupWindowMs: 2 * hour } },
  TRIGGERS: { kinds: ["tr"], shape: { retention: "workqueue", discard: "new", dedupWindowMs: 2 * hour } },
  DEAD: {
    kinds: ["dead", "quarantine"],
    shape: { maxAgeMs: 90 * day, maxBytes: gibibyte, dedupWindowMs: hour },
  },
  RUNS: { kinds: ["run"], shape: { discard: "new" } },
  TRAIL: {
    kinds: ["trail"],
    shape: { maxAgeMs: 7 * day, maxBytes: 2 * gibibyte, dedupWindowMs: 10 * minute },
  },
  HOLDS: { kinds: ["hold"], shape: { discard: "new", maxPerSubject: 1 } },
  ARTIFACTS: { kinds: ["art"], shape: { discard: "new", maxPerSubject: 1 } },
  LOGS: { kinds: ["log"], shape: { maxAgeMs: 30 * day, maxBytes: 4 * gibibyte } },
};

/** Revisions that each bucket keeps of a key. */
const buckets: Readonly<Record<BucketName, number>> = {
  resources: 10,
  "sensor-state": 1,
  schedules: 1,
  locks: 1,
  memo: 1,
  leases: 1,
  archive: 1,
  dedup: 1,
};

export const streamName = (prefix: string, stream: StreamName): string => `${prefix.toUpperCase()}_${stream}`;
/** Named as NATS names the stream of a KV bucket, so that its own tools read it. */
export const bucketStream = (prefix: string, bucket: BucketName): string => `KV_${bucketId(prefix, bucket)}`;
export const bucketId = (prefix: string, bucket: BucketName): string => `${prefix.toUpperCase()}_${bucket}`;
export const objectStream = (prefix: string): string => `${prefix.toUpperCase()}_OBJECTS`;

/** Every stream of a deployment. */
export function allStreams(options: StreamOptions): readonly StreamSettings[] {
  const make = (name: string, subjects: readonly string[], shape: Shape): StreamSettings => ({
    name,
    subjects,
    retention: "limits",
    discard: "old",
    maxAgeMs: 0,
    maxBytes: -1,
    maxPerSubject: -1,
    dedupWindowMs: 2 * minute,
    compression: "s2",
    ...shape,
    replicas: options.replicas,
  });
  const streams = Object.entries(shapes).map(([stream, { kinds, shape }]) =>
    make(
      streamName(options.prefix, stream as StreamName),
      kinds.map((kind) => `${options.prefix}.${kind}.>`),
      stream === "EVENTS" ? { ...shape, maxBytes: options.eventsMaxBytes ?? 8 * gibibyte } : shape,
    ),
  );
  const stores = Object.entries(buckets).map(([bucket, history]) =>
    make(
      bucketStream(options.prefix, bucket as BucketName),
      [`$KV.${bucketId(options.prefix, bucket as BucketName)}.>`],
      {
        discard: "new",
        maxPerSubject: history,
      },
    ),
  );
  const objects = make(objectStream(options.prefix), [`${options.prefix}.obj.>`], {
    discard: "new",
    maxPerSubject: 1,
  });
  return [...streams, ...stores, objects];
}
