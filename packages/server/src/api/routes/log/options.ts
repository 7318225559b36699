// What a request asks of a log.
import { parseLabelSelector } from "@sluice/engine";
import { compileRegex } from "@sluice/expr";
import { ServerError } from "../../../errors.ts";
import type { ApiCall } from "../../route.ts";

export const logQuery = {
  podName: "only this node: its pod's name, its id, its name or its display name",
  selector: "only steps whose pods have these labels: those of podMetadata and of the template's metadata",
  "logOptions.container": "main, which has all lines of a step",
  "logOptions.follow": "true = go on until the workflow ends",
  "logOptions.previous": "true = of steps that are tried again, the attempt before the newest",
  "logOptions.sinceSeconds": "only lines of the last so many seconds",
  "logOptions.sinceTime": "only lines from this RFC 3339 time on",
  "logOptions.tailLines": "only the last so many lines of what is there; not with follow",
  grep: "only lines that match this regular expression (RE2)",
};

export interface LogChoice {
  /** "" = all. */
  readonly node: string;
  readonly follow: boolean;
  readonly previous: boolean;
  /** Epoch ms; 0 = from the beginning. */
  readonly sinceMs: number;
  readonly tail: number | undefined;
  readonly matches: (text: string) => boolean;
  readonly labels: ((labels: Readonly<Record<string, string>>) => boolean) | undefined;
}

/** Errors: SERVER_REQUEST_INVALID, ENGINE_SELECTOR_INVALID. */
export function logChoice({ params, query }: ApiCall, now: number): LogChoice {
  const container = query["logOptions.container"] ?? "";
  if (container !== "" && container !== "main")
    throw invalid("logOptions.container", `'${container.slice(0, 64)}': a step has one log, that of main`);
  const selector = query["selector"] ?? "";
  return {
    node: params["podName"] ?? query["podName"] ?? "",
    follow: query["logOptions.follow"] === "true",
    previous: query["logOptions.previous"] === "true",
    sinceMs: sinceOf(query, now),
    tail: wholeOf("logOptions.tailLines", query["logOptions.tailLines"]),
    matches: matcherOf(query["grep"] ?? ""),
    labels: selector === "" ? undefined : parseLabelSelector(selector),
  };
}

const invalid = (where: string, reason: string) => ServerError.REQUEST_INVALID({ where, reason });

function matcherOf(pattern: string): (text: string) => boolean {
  if (pattern === "") return () => true;
  try {
    const compiled = compileRegex(pattern);
    return (text) => compiled.test(text);
  } catch {
    throw invalid("grep", `'${pattern.slice(0, 64)}' is no regular expression`);
  }
}

const maxNumber = 1_000_000;

function wholeOf(where: string, text: string | undefined, most = maxNumber): number | undefined {
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw invalid(where, `is no number from 0 to ${most}`);
  return value;
}

function sinceOf(query: ApiCall["query"], now: number): number {
  const seconds = wholeOf("logOptions.sinceSeconds", query["logOptions.sinceSeconds"], 1_000_000_000);
  const text = query["logOptions.sinceTime"] ?? "";
  // As Argo's clients send a time of protobuf.
  const epoch = wholeOf(
    "logOptions.sinceTime.seconds",
    query["logOptions.sinceTime.seconds"],
    100_000_000_000,
  );
  if (seconds !== undefined) return now - seconds * 1_000;
  if (epoch !== undefined) return epoch * 1_000;
  if (text === "") return 0;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw invalid("logOptions.sinceTime", `'${text.slice(0, 64)}' is no RFC 3339 time`);
  return at;
}
