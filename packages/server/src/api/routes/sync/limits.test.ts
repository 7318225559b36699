import { expect, test } from "vitest";
import { anApi } from "../../../testing/an-api.ts";

test("a database semaphore's limit is made once, read, changed and removed", async () => {
  await using api = await anApi();
  const made = { type: "DATABASE", key: "template", limit: 2 };
  expect(await api.call("POST", "/api/v1/sync/default", made)).toMatchObject({
    status: 200,
    body: { ...made, namespace: "default" },
  });
  expect(await api.call("POST", "/api/v1/sync/default", made)).toMatchObject({ status: 409 });
  const at = "/api/v1/sync/default/template";
  expect((await api.call("PUT", at, { type: "DATABASE", limit: 5 })).body).toMatchObject({ limit: 5 });
  expect((await api.call("GET", `${at}?type=DATABASE`)).body).toMatchObject({ limit: 5 });
  expect((await api.call("DELETE", `${at}?type=DATABASE`)).status).toBe(200);
  expect((await api.call("GET", `${at}?type=DATABASE`)).status).toBe(404);
  expect((await api.call("PUT", at, { type: "DATABASE", limit: 5 })).status).toBe(404);
});

test("a ConfigMap's limit lies in the ConfigMap, beside its other keys", async () => {
  await using api = await anApi();
  const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "cm" }, data: { other: "x" } };
  await api.stores.resources.apply("ConfigMap", "default", "cm", manifest);
  const made = { type: "CONFIGMAP", cmName: "cm", key: "k", limit: 3 };
  expect((await api.call("POST", "/api/v1/sync/default", made)).status).toBe(200);
  expect((await api.stores.resources.get("ConfigMap", "default", "cm"))?.manifest).toMatchObject({
    data: { other: "x", k: "3" },
  });
  expect((await api.call("DELETE", "/api/v1/sync/default/k?cmName=cm")).status).toBe(200);
  expect((await api.stores.resources.get("ConfigMap", "default", "cm"))?.manifest).toMatchObject({
    data: { other: "x" },
  });
});

test("what is no limit is refused, with the field", async () => {
  await using api = await anApi();
  for (const [body, where] of [
    [{ type: "DATABASE", key: "k", limit: 0 }, ""],
    [{ type: "DATABASE", key: "k", limit: 1.5 }, ""],
    [{ type: "DATABASE", limit: 1 }, "key"],
    [{ key: "k", limit: 1 }, "cmName"],
  ] as const) {
    const answer = await api.call("POST", "/api/v1/sync/default", body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(where);
  }
});
