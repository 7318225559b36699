import type { Clock, Random } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import { ApiClient } from "./client/api-client.ts";
import { type Palette, paletteOf } from "./render/colour.ts";
import { printable } from "./render/text.ts";

/** What every command gets: where to write, how to reach the server, when to stop. */
export interface CliContext {
  /** Results, to stdout. Adds the newline. */
  out(text: string): void;
  /** Everything that is not the result, to stderr. */
  note(text: string): void;
  readonly json: boolean;
  readonly namespace: string;
  readonly palette: Palette;
  /** Whether stdout is a terminal that can be redrawn. */
  readonly isTerminal: boolean;
  readonly columns: number;
  /** Where lines of tables are cut: the terminal's width; undefined when the output goes elsewhere. */
  readonly width: number | undefined;
  readonly rows: number;
  readonly client: ApiClient;
  /** The bearer token that requests carry; absent = none. */
  readonly token?: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
}

export interface GlobalOptions {
  readonly server?: string;
  readonly token?: string;
  readonly namespace?: string;
  readonly json?: boolean;
  readonly color?: boolean;
}

export const defaultServer = "http://127.0.0.1:2746";

export function makeContext(options: GlobalOptions, env: NodeJS.ProcessEnv, signal: AbortSignal): CliContext {
  const isTerminal = process.stdout.isTTY === true && env["TERM"] !== "dumb";
  const colour =
    options.color !== false &&
    env["NO_COLOR"] === undefined &&
    (isTerminal || env["FORCE_COLOR"] !== undefined);
  const token = options.token ?? env["SLUICE_TOKEN"];
  return {
    // What is piped is bytes for a program; what a person sees must not steer the terminal.
    out: (text) => void process.stdout.write(`${isTerminal ? printable(text) : text}\n`),
    note: (text) => void process.stderr.write(`${printable(text)}\n`),
    json: options.json === true,
    namespace: options.namespace ?? env["SLUICE_NAMESPACE"] ?? "default",
    palette: paletteOf(colour),
    isTerminal,
    columns: process.stdout.columns ?? 120,
    width: isTerminal ? process.stdout.columns : undefined,
    rows: process.stdout.rows ?? 40,
    client: new ApiClient({
      url: serverUrl(options.server ?? env["SLUICE_SERVER"] ?? defaultServer),
      ...(token === undefined ? {} : { token }),
    }),
    ...(token === undefined ? {} : { token }),
    clock: systemClock,
    random: systemRandom,
    signal,
    env,
  };
}

/** `host:port` is taken as http, as people write it. */
const serverUrl = (text: string): string => (/^https?:\/\//.test(text) ? text : `http://${text}`);
