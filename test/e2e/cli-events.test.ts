// The commands on manifests, events and dead letters, and what every command does when it cannot do its work.
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { freePort } from "../free-port.ts";
import { broken, greet, jsonLinesOf, jsonOf, write } from "./cli-fixtures.ts";
import { webhookSource } from "./fixtures.ts";
import { runSluice, SluiceProcess } from "./sluice-process.ts";

// Each test starts a dozen processes, one after another.
vi.setConfig({ testTimeout: 180_000 });

let sluice: SluiceProcess;
let target: number;
const run = (...args: string[]) => sluice.run(...args);

/** Events whose `body.go` is true are posted to a port where nothing listens yet; one attempt. */
const callingSensor = (port: number): string => `
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: { name: caller }
spec:
  dependencies:
    - name: push
      eventSourceName: hooks
      eventName: push
      filters: { data: [{ path: body.go, type: bool, value: ["true"] }] }
  triggers:
    - template:
        name: call
        http: { url: "http://127.0.0.1:${port}/called", method: POST, payload: [{ src: { dependencyName: push, dataKey: body.n }, dest: n }] }
      retryStrategy: { steps: 1 }
`;

beforeAll(async () => {
  target = await freePort();
  sluice = await SluiceProcess.start();
  await write(sluice, "source.yaml", webhookSource(await freePort()));
  await write(sluice, "sensor.yaml", callingSensor(target));
  const applied = await run("apply", "-f", "source.yaml", "sensor.yaml");
  expect(applied.stdout, applied.stderr).toBe("EventSource hooks created\nSensor caller created\n");
});
afterAll(async () => {
  await sluice?.[Symbol.asyncDispose]();
});

describe("apply", () => {
  test("says what changed; a repeat changes nothing; --json is a list", async () => {
    expect((await run("apply", "-f", "sensor.yaml")).stdout).toBe("Sensor caller unchanged\n");
    expect(jsonOf(await run("apply", "-f", "source.yaml", "--json"))).toMatchObject([
      { kind: "EventSource", name: "hooks", outcome: "unchanged" },
    ]);
  });

  test("takes standard input and folders, and says of workflows that they are submitted", async () => {
    const files = join(sluice.folder, "files");
    await mkdir(files);
    await writeFile(join(files, "flow.yaml"), greet("flow"));
    await writeFile(join(files, "sensor.yaml"), callingSensor(target));
    const piped = await runSluice(["apply", "-f", "-"], { SLUICE_SERVER: sluice.url }, sluice.folder, {
      stdin: callingSensor(target).replace("name: caller", "name: piped"),
    });
    const folder = await run("apply", "-f", files);

    expect(piped.stdout).toBe("Sensor piped created\n");
    expect((await run("sensor", "delete", "piped")).stdout).toBe("sensor piped deleted\n");
    expect(folder.stdout).toBe("Sensor caller unchanged\n");
    expect(folder.stderr).toContain("sluice submit");
  });

  test("refuses what is wrong with its place, and applies nothing of that file", async () => {
    const wrong = callingSensor(target)
      .replace("name: caller", "name: wrong")
      .replace("dependencies:", "dependencys:");
    await write(sluice, "wrong.yaml", wrong);
    const result = await run("apply", "-f", "sensor.yaml", "wrong.yaml");

    expect(result.code).toBe(1);
    expect(result.stdout).toBe("Sensor caller unchanged\n");
    expect(result.stderr).toMatch(
      /wrong\.yaml:6:3 +error .*"spec\.dependencys"[\s\S]*did you mean 'dependencies'/,
    );
    expect((await run("sensor", "get", "wrong")).code).toBe(1);
    expect((await run("apply", "-f", "nosuch.yaml")).code).toBe(2);
    expect((await run("apply")).stderr).toContain("required option '-f, --filename");
  });
});

test("source and sensor: list says how they are, get shows the manifest, delete removes", async () => {
  const sources = await run("source", "list");
  const sensors = await run("sensor", "list", "-A");

  expect(sources.stdout).toMatch(
    /^NAMESPACE +NAME +STATE +AGE +DETAIL\ndefault +hooks +live +\S+ +push \(webhook\)\n$/,
  );
  expect(sensors.stdout).toMatch(/default +caller +live +\S+ +\d+ events?, \d+ fired\n/);
  expect(jsonOf(await run("source", "list", "--json"))[0].name).toBe("hooks");
  expect(jsonOf(await run("source", "get", "hooks", "--json")).manifest.kind).toBe("EventSource");
  expect(jsonOf(await run("sensor", "get", "caller", "-o", "json")).status.state).toBe("live");
  expect((await run("sensor", "get", "caller")).stdout).toContain("dependencies:");
  expect((await run("sensor", "get", "caller", "-o", "name")).stdout).toBe("caller\n");
  expect((await run("source", "list", "-n", "elsewhere")).stderr).toContain(
    "no sources in namespace 'elsewhere'",
  );
  expect(jsonOf(await run("source", "list", "-n", "elsewhere", "--json"))).toEqual([]);
  await write(sluice, "extra.yaml", webhookSource(await freePort()).replace("name: hooks", "name: extra"));
  await run("apply", "-f", "extra.yaml");
  expect(jsonOf(await run("source", "delete", "extra", "--json"))).toEqual({ name: "extra", deleted: true });
  expect((await run("source", "get", "extra")).code).toBe(1);
});

describe("emit and events", () => {
  test("data comes from the line, a file or standard input; an id is taken once", async () => {
    await write(sluice, "data.json", '{"body":{"go":false,"from":"a file"}}');
    const first = await run("emit", "hooks", "push", "--data", '{"body":{"go":false}}', "--id", "once");
    const again = await run("emit", "hooks", "push", "--data", '{"body":{"go":false}}', "--id", "once");
    const file = jsonOf(await run("emit", "hooks", "push", "--data", "@data.json", "--json"));
    const piped = await runSluice(
      ["emit", "hooks", "push", "--data", "-", "--id", "piped"],
      { SLUICE_SERVER: sluice.url },
      sluice.folder,
      { stdin: '{"body":{"from":"a pipe"}}' },
    );

    expect(first.stdout).toBe("event once stored\n");
    expect(again.stdout).toBe("event once duplicate\n");
    expect(file.outcome).toBe("stored");
    expect(piped.stdout).toBe("event piped stored\n");
    expect(jsonOf(await run("events", "show", file.id, "--json")).event.data.body.from).toBe("a file");
    expect((await run("emit", "hooks", "push", "--data", "{")).code).toBe(2);
    expect((await run("emit", "hooks", "push", "--data", "@nosuch.json")).stderr).toContain("no such file");
  });

  test("list has the newest first; show has every verdict with its values", async () => {
    await run("emit", "hooks", "push", "--data", '{"body":{"go":false,"n":1}}', "--id", "shown-1");
    await run("emit", "hooks", "push", "--data", '{"body":{"go":false,"n":2}}', "--id", "shown-2");
    const list = await run("events", "list", "--limit", "2", "--source", "hooks");
    const json = jsonOf(await run("events", "list", "--json", "--limit", "1"));

    expect(list.stdout).toMatch(/^ID +SOURCE +EVENT +AGE +DATA\nshown-2 +hooks +push .*\nshown-1 /);
    expect(json).toHaveLength(1);
    await expect
      .poll(async () => (await run("events", "show", "shown-1")).stdout, { timeout: 20_000 })
      .toMatch(/○ sensor caller, dependency push: rejected[\s\S]*✖ data body\.go: false = "?true"?/);
    expect((await run("events", "show", "nosuch")).code).toBe(1);
    expect((await run("events", "list", "--limit", "0")).code).toBe(2);
  });

  test("tail prints events as they come until it is told to stop", async () => {
    const tail = sluice.spawn("events", "tail", "--json");
    let seen = "";
    for (let n = 0; !seen.includes("\n"); n++) {
      await run("emit", "hooks", "push", "--data", '{"body":{}}', "--id", `tail-${n}`);
      seen = tail.stdout;
    }
    const ended = await tail.stop("SIGINT");

    expect(jsonLinesOf({ ...ended, code: 0 })[0].event.id).toMatch(/^tail-/);
    expect([0, 130]).toContain(ended.code);
  });
});

test("what gave up is listed and shown, and done when it is redriven", async () => {
  await run("emit", "hooks", "push", "--data", '{"body":{"go":true,"n":7}}', "--id", "dies");
  await expect
    .poll(async () => (await run("dead", "list", "--json")).stdout, { timeout: 20_000 })
    .toContain("dies");
  const [letter] = jsonOf(await run("dead", "list", "--json"));
  const id = letter.id.slice(0, 12);

  expect((await run("dead", "list")).stdout).toMatch(
    /^ID +SENSOR +TRIGGER[^\n]*\n[0-9a-f]{12} +caller +call .*TRIGGER_HTTP_FAILED/,
  );
  expect((await run("dead", "show", id)).stdout).toMatch(/Trigger: +caller \/ call[\s\S]*Why: +no answer/);
  expect(jsonOf(await run("dead", "show", id, "--json")).id).toBe(letter.id);
  expect((await run("dead", "redrive")).code).toBe(2);
  expect((await run("dead", "redrive", "nosuch")).code).toBe(1);

  let body = "";
  const called = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    request.setEncoding("utf8").on("data", (part: string) => {
      body += part;
    });
    request.on("end", () => {
      response.end("ok");
      called.resolve();
    });
  }).listen(target, "127.0.0.1");
  try {
    expect((await run("dead", "redrive", id)).stdout).toBe(`dead letter ${id} redriven\n`);
    await called.promise;
    expect(JSON.parse(body)).toEqual({ n: "7" });
    await expect
      .poll(async () => (await run("events", "show", "dies")).stdout, { timeout: 20_000 })
      .toMatch(/trigger call done/);
    expect(jsonOf(await run("dead", "redrive", "--all", "--json"))).toEqual(expect.any(Array));
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test("doctor and config print tell how things are, also as JSON", async () => {
  const doctor = await run("doctor");
  const json = jsonOf(await run("doctor", "--json"));
  const config = await sluice.run("config", "print");

  expect(doctor.stdout).toMatch(
    /This machine\n[\s\S]*nats-server[\s\S]*chosen for local steps[\s\S]*acknowledged +on disk/,
  );
  expect(json.server.nats.connected).toBe(true);
  expect(config.stdout).toMatch(/^SETTING +VALUE +FROM +VARIABLE\n[\s\S]*port +2746 +default +SLUICE_PORT/m);
  expect(jsonOf(await run("config", "print", "--json")).length).toBeGreaterThan(10);
});

describe("what cannot be done", () => {
  const commands: readonly (readonly string[])[] = [
    ["list"],
    ["get", "x"],
    ["logs", "x"],
    ["wait", "@latest"],
    ["stop", "x"],
    ["delete", "x"],
    ["source", "list"],
    ["events", "list"],
    ["events", "tail"],
    ["emit", "a", "b"],
    ["dead", "list"],
  ];

  test("without a server every command says so with a hint, and exits with 1", async () => {
    const port = await freePort();
    const nowhere = { SLUICE_SERVER: `http://127.0.0.1:${port}` };
    for (const command of commands) {
      const result = await runSluice(command, nowhere);
      expect(result, command.join(" ")).toEqual({
        code: 1,
        stdout: "",
        stderr: `sluice: no Sluice server answers at http://127.0.0.1:${port} (connection refused)  (CLI_SERVER_UNREACHABLE)\n  hint: start one with \`sluice up\`, or name another with --server URL or SLUICE_SERVER\n`,
      });
    }
    const json = await runSluice(["list", "--json"], nowhere);
    expect(json.stdout).toBe("");
    expect(JSON.parse(json.stderr)).toMatchObject({ code: "CLI_SERVER_UNREACHABLE" });
  });

  test("another program on the port is not taken for a server", async () => {
    const server = createServer((_, response) => response.end("<html>hello</html>")).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    try {
      const result = await runSluice(["list"], { SLUICE_SERVER: `127.0.0.1:${port}` });
      expect(result.code).toBe(1);
      expect(result.stderr).toContain("CLI_SERVER_ANSWER");
    } finally {
      server.close();
    }
  });

  test.each([
    [["lst"], "unknown command 'lst' (did you mean one of list, ls?)"],
    [["source", "gett"], "unknown command 'gett' (did you mean get?)"],
    [["list", "--limt", "3"], "unknown option '--limt' (did you mean --limit?)"],
    [["list", "-o", "table"], "Allowed choices are json, yaml, wide, name"],
    [["submit"], "name manifests to submit, or what to submit --from"],
    [["submit", "x.yaml", "-p", "nothing"], "no such file"],
    [["config", "print", "--config", "nosuch"], "cannot read 'nosuch'"],
  ])("%o is asked wrongly: said once, exit code 2", async (args, message) => {
    const result = await runSluice(args);

    expect(result.code).toBe(2);
    expect(result.stdout).toBe("");
    expect(result.stderr.split(message)).toHaveLength(2);
  });

  test("a broken manifest with --json leaves stdout empty", async () => {
    await write(sluice, "broken.yaml", broken);
    const result = await run("submit", "broken.yaml", "--json");

    expect(result.stdout).toBe("");
    expect(JSON.parse(result.stderr)).toMatchObject({ code: "CLI_INVALID_MANIFESTS" });
  });
});
