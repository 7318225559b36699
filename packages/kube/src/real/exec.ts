import { PassThrough, Readable } from "node:stream";
import type { KubeConfig } from "@kubernetes/client-node";
import { isObject, messageOf } from "@sluice/base";
import type { ExecOptions, ExecResult } from "../client.ts";
import type { KubeAccess } from "../config.ts";
import { KubeError } from "../errors.ts";

/** Runs a command in a container over the vendor's websocket client. Aborting closes the socket. */
export async function execInPod(
  access: KubeAccess,
  options: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult> {
  const { Exec } = await import("@kubernetes/client-node");
  const what = `exec in ${options.namespace}/${options.pod}`;
  const stdout = collect(options.maxBytes ?? 1024 * 1024);
  const stderr = collect(options.maxBytes ?? 1024 * 1024);
  const stdin = options.stdin === undefined ? null : Readable.from([Buffer.from(options.stdin)]);
  const ended = Promise.withResolvers<unknown>();
  const exec = new Exec(access.vendor as KubeConfig);
  const socket = await exec
    .exec(
      options.namespace,
      options.pod,
      options.container,
      [...options.command],
      stdout.stream,
      stderr.stream,
      stdin,
      false,
      (status: unknown) => ended.resolve(status),
    )
    .catch((error: unknown) => {
      throw KubeError.EXEC({ what, said: messageOf(error) || "the connection was refused" }, error);
    });
  socket.onclose = () => ended.resolve(undefined);
  const onAbort = () => socket.close();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const status = await ended.promise;
    return { exitCode: exitCodeOf(status, what), stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.close();
  }
}

function collect(maxBytes: number): { stream: PassThrough; text(): string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    if (size < maxBytes) chunks.push(chunk.subarray(0, maxBytes - size));
    size += chunk.length;
  });
  return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
}

/** The exit code is in the causes of the Status object that ends an exec. */
function exitCodeOf(status: unknown, what: string): number {
  if (!isObject(status)) throw KubeError.EXEC({ what, said: "the connection ended without an exit code" });
  if (status["status"] === "Success") return 0;
  const details = isObject(status["details"]) ? status["details"] : {};
  const causes = Array.isArray(details["causes"]) ? (details["causes"] as unknown[]) : [];
  for (const cause of causes)
    if (isObject(cause) && cause["reason"] === "ExitCode") return Number(cause["message"]);
  throw KubeError.EXEC({ what, said: String(status["message"] ?? "unknown") });
}
