// A container's readiness probe as it is written in Kubernetes' fields. Pure.
import { isObject } from "@sluice/base";
import type { Container, Script } from "@sluice/spec";
import { LocalError } from "../../errors.ts";

export type ProbeAction =
  | { readonly kind: "exec"; readonly command: readonly string[] }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | {
      readonly kind: "http";
      readonly host: string;
      readonly port: number;
      readonly path: string;
      readonly isTls: boolean;
      readonly headers: readonly (readonly [name: string, value: string])[];
    };

export interface Probe {
  readonly action: ProbeAction;
  /** From the container's start to the first try. */
  readonly initialDelayMs: number;
  /** Between tries. Where it is not written, a second: Kubernetes' ten would only make the others wait. */
  readonly periodMs: number;
  readonly timeoutMs: number;
  /** Tries in a row that must succeed. */
  readonly successThreshold: number;
  /** Its container's. */
  readonly workingDir: string | undefined;
}

type Body = Container | Script;
type Field = (name: string) => string;

/** Errors: LOCAL_FIELD_UNSUPPORTED. */
export function probeOf(body: Body): Probe | undefined {
  const { readinessProbe: probe } = body;
  if (probe === undefined) return undefined;
  const field: Field = (name) => `readinessProbe.${name}`;
  return {
    action: actionOf(body, probe, field),
    initialDelayMs: secondsOf(probe, "initialDelaySeconds", 0),
    periodMs: Math.max(100, secondsOf(probe, "periodSeconds", 1)),
    timeoutMs: Math.max(100, secondsOf(probe, "timeoutSeconds", 1)),
    successThreshold: Math.max(1, wholeOf(probe, "successThreshold") ?? 1),
    workingDir: body.workingDir === "" ? undefined : body.workingDir,
  };
}

function actionOf(body: Body, probe: Readonly<Record<string, unknown>>, field: Field): ProbeAction {
  const { exec, httpGet, tcpSocket } = probe;
  if (isObject(exec)) {
    const { command } = exec;
    if (!Array.isArray(command) || command.length === 0) throw refused(field("exec.command"), "it is empty");
    return { kind: "exec", command: command.map(String) };
  }
  if (isObject(httpGet)) {
    const path = typeof httpGet["path"] === "string" ? httpGet["path"] : "/";
    return {
      kind: "http",
      ...placeOf(body, httpGet, field("httpGet.port")),
      path: path.startsWith("/") ? path : `/${path}`,
      isTls: httpGet["scheme"] === "HTTPS",
      headers: headersOf(httpGet["httpHeaders"]),
    };
  }
  if (isObject(tcpSocket)) return { kind: "tcp", ...placeOf(body, tcpSocket, field("tcpSocket.port")) };
  if (probe["grpc"] !== undefined) throw refused(field("grpc"), "gRPC is not spoken");
  throw refused("readinessProbe", "it has none of exec, httpGet and tcpSocket");
}

function placeOf(
  body: Body,
  { host, port }: Readonly<Record<string, unknown>>,
  field: string,
): { readonly host: string; readonly port: number } {
  const number = portOf(body, port);
  if (number === undefined) throw refused(field, `'${String(port)}' is no port of the container`);
  return { host: typeof host === "string" && host !== "" ? host : loopback, port: number };
}

/** Steps share this machine's network, so this is where they reach each other. */
export const loopback = "127.0.0.1";

/** A port's number, or the name of one in `ports`. */
function portOf({ ports }: Body, port: unknown): number | undefined {
  const named = (ports ?? []).find((entry) => isObject(entry) && entry["name"] === port);
  const number = Number(isObject(named) ? named["containerPort"] : port);
  return Number.isInteger(number) && number > 0 && number < 65_536 ? number : undefined;
}

const headersOf = (given: unknown): readonly (readonly [string, string])[] =>
  Array.isArray(given)
    ? given.filter(isObject).map(({ name, value }) => [String(name), String(value ?? "")] as const)
    : [];

function wholeOf(probe: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = Number(probe[name] ?? Number.NaN);
  return Number.isInteger(value) && value >= 0 ? Math.min(value, 86_400) : undefined;
}

const secondsOf = (probe: Readonly<Record<string, unknown>>, name: string, otherwise: number): number =>
  (wholeOf(probe, name) ?? otherwise) * 1_000;

const refused = (field: string, reason: string) => LocalError.FIELD_UNSUPPORTED({ field, reason });
