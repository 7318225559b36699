import { createServer } from "node:net";

/** A loopback port that was free a moment ago: the wanted one if it is, else any. Errors: when there is none. */
export const freePort = (wanted = 0): Promise<number> =>
  portFrom(wanted).catch((error: unknown) => {
    if (wanted === 0) throw error;
    return portFrom(0);
  });

function portFrom(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
