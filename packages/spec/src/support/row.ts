/**
 * `runs`: it has its effect. `pod`: handed to Kubernetes as it is; elsewhere it has no effect (lint warns when the
 * executor is known to be local). `accepted`: it needs no effect here (cluster housekeeping, status of exported
 * objects). `later`: a lint error `SPEC_UNSUPPORTED`.
 */
export type Support = "runs" | "pod" | "accepted" | "later";

/** One verdict for each field of a place. */
export type Row<T> = Readonly<Record<keyof T, Support>>;
