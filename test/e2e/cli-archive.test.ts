// Finished workflows by their uid: the commands and the paths, against a real server.
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { greet, jsonOf, write } from "./cli-fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

vi.setConfig({ testTimeout: 180_000 });

let sluice: SluiceProcess;
const run = (...args: string[]) => sluice.run(...args);
const api = async (path: string, method = "GET") => {
  const response = await fetch(`${sluice.url}${path}`, {
    method,
    ...(method === "PUT" ? { body: "{}", headers: { "content-type": "application/json" } } : {}),
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever shape came
  return { status: response.status, body: (await response.json()) as any };
};

beforeAll(async () => {
  sluice = await SluiceProcess.start();
  await write(sluice, "greet.yaml", greet("greet"));
});
afterAll(async () => {
  await sluice?.[Symbol.asyncDispose]();
});

test("archive lists, shows, repeats and deletes finished workflows by uid or name", async () => {
  const good = jsonOf(await run("submit", "greet.yaml", "--name", "good", "-l", "tier=a", "-w", "--json"));
  await run("submit", "greet.yaml", "--name", "bad", "--entrypoint", "fail", "-l", "tier=b", "-w");
  await run("submit", "greet.yaml", "--name", "still", "--entrypoint", "long");
  const { uid } = good.metadata;

  expect((await run("archive", "list", "-o", "name")).stdout).toBe("bad\ngood\n");
  expect((await run("archive", "list", "-l", "tier=a", "-o", "wide")).stdout).toContain(uid);
  expect((await run("archive", "list", "--prefix", "ba", "-A")).stdout).toMatch(
    /^NAMESPACE +NAME[^\n]*\ndefault +bad/,
  );
  expect((await run("archive", "get", uid)).stdout).toMatch(/Name: +good[\s\S]*✔ good/);
  expect(jsonOf(await run("archive", "get", "good", uid, "--json"))).toHaveLength(2);
  expect((await run("archive", "get", "still")).stderr).toContain("SERVER_NOT_FOUND");
  expect((await run("archive", "list-label-values", "-l", "tier")).stdout).toBe("a\nb\n");
  expect(jsonOf(await run("archive", "list-label-keys", "--json"))).toContain("workflows.argoproj.io/phase");

  const again = await run("archive", "resubmit", uid, "-p", "who=again", "--wait", "-o", "name");
  const retried = await run("archive", "retry", "bad", "--wait");
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toMatch(/^greet-\w+\n$|^good-\w+\n$/);
  expect(retried).toMatchObject({ code: 1, stdout: "workflow bad tried again\n" });

  const removed = jsonOf(await run("archive", "delete", uid, "--json"));
  expect(removed).toEqual({ namespace: "default", name: "good", uid, deleted: true });
  expect((await run("archive", "get", uid)).code).toBe(1);
  await run("terminate", "still");
});

test("Argo's archive paths answer by uid, also by the one of before a retry", async () => {
  const before = jsonOf(
    await run("submit", "greet.yaml", "--name", "twice", "--entrypoint", "fail", "-o", "json"),
  );
  await run("wait", "twice");
  await run("retry", "twice", "--wait");
  const path = `/api/v1/archived-workflows/${before.metadata.uid}`;

  const found = await api(`${path}?fields=metadata.name,metadata.uid`);
  expect(found).toMatchObject({ status: 200, body: { metadata: { name: "twice" } } });
  expect(found.body.metadata.uid).not.toBe(before.metadata.uid);
  expect((await api(`${path}/resubmit`, "PUT")).body.metadata.labels).toMatchObject({
    "workflows.argoproj.io/resubmitted-from-workflow": "twice",
  });
  expect((await api("/api/v1/archived-workflows-label-values")).status).toBe(400);
  expect((await api("/api/v1/archived-workflows?namePrefix=twi")).body.items).toHaveLength(1);
  expect((await api(path, "DELETE")).status).toBe(200);
  expect((await api(path)).status).toBe(404);
});
