import { isObject } from "@sluice/base";
import type { WatchEvent } from "../client.ts";
import { KubeError } from "../errors.ts";
import type { KubeObject } from "../object.ts";
import { mapAnswer } from "./map-error.ts";

const types = { ADDED: "added", MODIFIED: "modified", DELETED: "deleted" } as const;

/** One line of a watch. Pure. Errors: KUBE_GONE and others when the line is an ERROR, KUBE_UNAVAILABLE when it is none. */
export function readWatchLine(what: string, line: string): WatchEvent {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    // The connection broke within a line.
    throw KubeError.UNAVAILABLE({ what, said: "the watch was cut off" }, cause);
  }
  const object = isObject(parsed) ? parsed["object"] : undefined;
  const type = isObject(parsed) ? parsed["type"] : undefined;
  if (!isObject(object)) throw KubeError.UNAVAILABLE({ what, said: "the watch sent something unknown" });
  if (type === "ERROR")
    throw mapAnswer(what, {
      status: typeof object["code"] === "number" ? object["code"] : 500,
      body: JSON.stringify(object),
    });
  const metadata = object["metadata"];
  if (!isObject(metadata))
    throw KubeError.UNAVAILABLE({ what, said: "the watch sent an object without metadata" });
  if (type === "BOOKMARK")
    return { type: "bookmark", resourceVersion: String(metadata["resourceVersion"] ?? "") };
  if (type === "ADDED" || type === "MODIFIED" || type === "DELETED")
    return { type: types[type], object: object as unknown as KubeObject };
  throw KubeError.UNAVAILABLE({ what, said: `the watch sent type '${String(type)}'` });
}
