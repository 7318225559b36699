import { createServer } from "node:net";

/** Below the ports that systems give to outgoing connections, each test process with a stretch of its own. */
const firstPort = 20_000 + (process.pid % 120) * 100;
let portsGiven = 0;

/** A port that nothing listens on, that no other test process asks for, and that no connection is given by chance. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = firstPort + (portsGiven++ % 100);
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port from ${firstPort} on`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
