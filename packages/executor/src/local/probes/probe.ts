// A container's probes as they are written in Kubernetes' fields. Pure.
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

export type ProbeName = "startupProbe" | "readinessProbe" | "livenessProbe";

export interface Probe {
  /** The field that it is written in. */
  readonly name: ProbeName;
  readonly action: ProbeAction;
  /** From the container's start to the first try. */
  readonly initialDelayMs: number;
  /** Between tries. Where it is not written and others wait for it, a second: Kubernetes' ten would only delay them. */
  readonly periodMs: number;
  readonly timeoutMs: number;
  /** Tries in a row that must succeed; infinite where it is asked for as long as the step runs. */
  readonly successThreshold: number;
  /** Tries in a row after which it has failed; infinite where it is waited for as long as it takes. */
  readonly failureThreshold: number;
  /** Ms between SIGTERM and SIGKILL for a container that failed it; absent = the step's own. */
  readonly graceMs?: number;
  /** Its container's. */
  readonly workingDir: string | undefined;
}

type Body = Container | Script;
type Field = (name: string) => string;

/** What Kubernetes takes where nothing is written. */
const usual = { periodSeconds: 10, failureThreshold: 3 };

/** Errors: LOCAL_FIELD_UNSUPPORTED. */
export function probeOf(body: Body, name: ProbeName): Probe | undefined {
  const probe = body[name];
  if (probe === undefined) return undefined;
  const field: Field = (part) => (part === "" ? name : `${name}.${part}`);
  const graceSeconds = wholeOf(probe, "terminationGracePeriodSeconds");
  return {
    name,
    action: actionOf(body, probe, field),
    initialDelayMs: secondsOf(probe, "initialDelaySeconds", 0),
    periodMs: Math.max(
      100,
      secondsOf(probe, "periodSeconds", name === "livenessProbe" ? usual.periodSeconds : 1),
    ),
    timeoutMs: Math.max(100, secondsOf(probe, "timeoutSeconds", 1)),
    successThreshold:
      name === "livenessProbe"
        ? Number.POSITIVE_INFINITY
        : Math.max(1, wholeOf(probe, "successThreshold") ?? 1),
    failureThreshold: failuresOf(probe, name),
    ...(graceSeconds === undefined ? {} : { graceMs: graceSeconds * 1_000 }),
    workingDir: body.workingDir === "" ? undefined : body.workingDir,
  };
}

/** A startup probe that is asked more often than Kubernetes would ask it has as long as it would have there. */
function failuresOf(probe: Readonly<Record<string, unknown>>, name: ProbeName): number {
  if (name === "readinessProbe") return Number.POSITIVE_INFINITY;
  const failures = Math.max(1, wholeOf(probe, "failureThreshold") ?? usual.failureThreshold);
  const isHastened = name === "startupProbe" && wholeOf(probe, "periodSeconds") === undefined;
  return isHastened ? failures * usual.periodSeconds : failures;
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
  throw refused(field(""), "it has none of exec, httpGet and tcpSocket");
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
