// Stands for the sites that the http examples call, so that they run without the internet: a swagger file that is there,
// one that is not, an address that answers 201, and a page that says google.
import { createServer, type Server } from "node:http";

const sites: readonly { readonly at: RegExp; readonly path: string }[] = [
  { at: /https:\/\/raw\.githubusercontent\.com\/[^"\s]*thisisnotahash[^"\s]*/g, path: "/missing" },
  { at: /https:\/\/raw\.githubusercontent\.com\/[^"\s]*/g, path: "/there" },
  { at: /https:\/\/httpbin\.org\/status\/201/g, path: "/created" },
  { at: /https:\/\/google\.com/g, path: "/google" },
];

export class Web implements AsyncDisposable {
  readonly #server: Server;
  readonly #url: string;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.#url = url;
  }

  static async listen(): Promise<Web> {
    const server = createServer((request, response) => {
      const status = { "/missing": 404, "/created": 201 }[request.url ?? ""] ?? 200;
      response.writeHead(status, { "content-type": "text/plain" });
      response.end(request.url === "/google" ? "this is google" : "{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the web server has no port");
    return new Web(server, `http://127.0.0.1:${address.port}`);
  }

  /** The manifest with this server's addresses in place of the sites'. */
  standIn<T>(manifest: T): T {
    let text = JSON.stringify(manifest);
    for (const { at, path } of sites) text = text.replaceAll(at, `${this.#url}${path}`);
    return JSON.parse(text) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
