import { connect } from "node:net";

/** Sends text as it is to a port, and resolves with all that comes back until the peer closes. */
export function rawExchange(port: number, ...pieces: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", () => resolve(answer));
    socket.on("close", () => resolve(answer));
    for (const piece of pieces) socket.write(piece);
  });
}
