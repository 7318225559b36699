// Server-sent events over one response.
// Owns:      the response from its first byte to its end.
// Invariants
//   E1. `send` resolves when the client takes more: a slow reader slows its writer, and nothing is queued beyond one event.
//   E2. The signal aborts when the client has gone; nothing is written after.
//   E3. A quiet stream says a comment every `heartbeatMs`, so that proxies and clients see that it lives.
import type { ServerResponse } from "node:http";
import { type Clock, sleepFor } from "@sluice/base";

const heartbeatMs = 15_000;

/** Where a handler writes its events. */
export interface EventStream {
  /** One event whose data is the value's JSON. */
  send(value: unknown): Promise<void>;
}

export interface OpenStream {
  readonly stream: EventStream;
  readonly signal: AbortSignal;
  /** Writes the last event, if one is given, and ends the response. */
  end(last?: unknown): void;
}

export function openEventStream(response: ServerResponse, clock: Clock, closing: AbortSignal): OpenStream {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const signal = AbortSignal.any([gone.signal, closing]);
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    // A stream ends with its connection: nothing is gained by keeping it, and closing would have to wait for it.
    connection: "close",
  });
  response.flushHeaders();
  let quiet = true;
  const write = async (text: string): Promise<void> => {
    if (signal.aborted || response.write(text)) return;
    await drained(response);
  };
  void beat();
  return {
    signal,
    stream: {
      send: (value) => {
        quiet = false;
        return write(`data: ${JSON.stringify(value)}\n\n`);
      },
    },
    end(last) {
      if (!response.destroyed && !response.writableEnded) {
        response.end(last === undefined ? undefined : `data: ${JSON.stringify(last)}\n\n`);
      }
      gone.abort();
    },
  };

  async function beat(): Promise<void> {
    while (!signal.aborted) {
      await sleepFor(clock, heartbeatMs, signal);
      if (!signal.aborted && quiet && !response.writableNeedDrain) response.write(": still here\n\n");
      quiet = true;
    }
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
