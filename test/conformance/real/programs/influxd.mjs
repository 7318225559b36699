// Stands for the database of the image, as far as the examples use it: databases, points, and `SELECT *`, on port 8086.
import { createServer } from "node:http";

/** Points by database and measurement. */
const databases = new Map();

function query(text, database) {
  const created = /^CREATE DATABASE (\w+)$/i.exec(text);
  if (created !== null) databases.set(created[1], new Map());
  const from = /^SELECT \* FROM (\w+)$/i.exec(text)?.[1];
  const points = from === undefined ? undefined : databases.get(database)?.get(from);
  if (points === undefined) return {};
  return { series: [{ name: from, columns: ["time", "fields"], values: points }] };
}

function write(text, database) {
  const tables = databases.get(database);
  if (tables === undefined) return 404;
  for (const line of text.split("\n").filter(Boolean)) {
    const measurement = line.split(",")[0];
    tables.set(measurement, [...(tables.get(measurement) ?? []), [Date.now(), line]]);
  }
  return 204;
}

createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  let body = "";
  for await (const chunk of request) body += chunk;
  const database = url.searchParams.get("db") ?? new URLSearchParams(body).get("db");
  if (url.pathname === "/ping") response.writeHead(204).end();
  else if (url.pathname === "/write") response.writeHead(write(body, database)).end();
  else if (url.pathname === "/query") {
    const text = url.searchParams.get("q") ?? new URLSearchParams(body).get("q") ?? "";
    response.end(`${JSON.stringify({ results: [query(text, database)] }, null, 2)}\n`);
  } else response.writeHead(404).end();
}).listen(8086);
