// Stands for the web server of the image: one page, on port 80, until it is told to end.
import { createServer } from "node:http";

createServer((request, response) => {
  process.stdout.write(`${request.method} ${request.url}\n`);
  response.writeHead(200, { "content-type": "text/html" });
  response.end("<h1>Welcome to nginx, or what stands for it</h1>\n");
}).listen(80);
