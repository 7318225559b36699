// One try of a probe. What it asks is answered by whatever the step runs: nothing of the answer is kept.
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import type { ProbeAction } from "./probe.ts";

export type NetworkAction = Exclude<ProbeAction, { readonly kind: "exec" }>;

/** Whether somebody answers as the probe wants; `signal` ends a try that takes too long. Never throws. */
export function answers(action: NetworkAction, signal: AbortSignal): Promise<boolean> {
  return action.kind === "tcp" ? connects(action, signal) : replies(action, signal);
}

function connects(
  { host, port }: Extract<NetworkAction, { kind: "tcp" }>,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    const end = (isThere: boolean) => () => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", end(true));
    socket.once("error", end(false));
  });
}

/** As the kubelet: 200 to 399 is good, and a redirect is not followed. */
function replies(
  { host, port, path, isTls, headers }: Extract<NetworkAction, { kind: "http" }>,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve) => {
    const ask = isTls ? httpsRequest : httpRequest;
    try {
      const asked = ask(
        // Nobody would know whose certificate a fixture has: the kubelet looks at none either.
        {
          host,
          port,
          path,
          signal,
          agent: false,
          headers: Object.fromEntries(headers),
          rejectUnauthorized: false,
        },
        (response) => {
          const status = response.statusCode ?? 0;
          response.destroy();
          resolve(status >= 200 && status < 400);
        },
      );
      asked.once("error", () => resolve(false));
      asked.end();
    } catch {
      resolve(false); // a path or header that cannot be sent
    }
  });
}
