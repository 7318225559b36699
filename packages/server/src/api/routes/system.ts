import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import { type ApiRoute, json } from "../route.ts";

export function systemRoutes(deps: ServerDeps): readonly ApiRoute[] {
  return [
    {
      method: "GET",
      path: "/healthz",
      id: "health",
      summary: "200 once every role is ready, else 503 with those that are not",
      handle: () => {
        const waiting = deps.readiness.waiting();
        if (waiting.length === 0) return json({ ready: true, waiting: [] });
        return json(ServerError.STILL_STARTING({ waiting }), 503);
      },
    },
    {
      method: "GET",
      path: "/metrics",
      id: "metrics",
      summary:
        "What is measured, as Prometheus reads it: the engine's own values and the metrics of workflows",
      handle: () => {
        if (deps.metrics === undefined) throw ServerError.ROUTE_UNKNOWN({ method: "GET", path: "/metrics" });
        const contentType = "text/plain; version=0.0.4; charset=utf-8";
        return { kind: "text", contentType, body: deps.metrics() };
      },
    },
    {
      method: "GET",
      path: "/api/v1/version",
      id: "getVersion",
      summary: "The server's version, in Argo's shape",
      handle: () =>
        json({
          version: deps.version,
          buildDate: "",
          gitCommit: "",
          gitTag: "",
          gitTreeState: "",
          goVersion: "",
          compiler: "node",
          platform: `${process.platform}/${process.arch}`,
        }),
    },
    {
      method: "GET",
      path: "/api/v1/info",
      id: "getInfo",
      summary: "What Argo's UI asks for at its start",
      handle: () => json({ managedNamespace: "", links: [], modals: {}, navColor: "", columns: [] }),
    },
    {
      method: "GET",
      path: "/api/v1/userinfo",
      id: "getUserInfo",
      summary: "Who asks",
      handle: (call) => json({ subject: call.user, name: call.user, groups: [] }),
    },
    ...["redirect", "callback"].map(
      (step): ApiRoute => ({
        method: "GET",
        path: `/oauth2/${step}`,
        id: `oauth${step[0]?.toUpperCase()}${step.slice(1)}`,
        summary: "Single sign-on, which is not there",
        handle: () => {
          throw ServerError.NOT_YET({ what: "single sign-on" });
        },
      }),
    ),
    {
      method: "GET",
      path: "/api/v1/sluice/doctor",
      id: "doctor",
      summary: "How this server is set up and what its acknowledgements mean",
      handle: async () => json(await deps.doctor()),
    },
  ];
}
