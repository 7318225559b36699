import { defineErrors } from "@sluice/base";

export const IngressError = defineErrors("INGRESS", {
  ROUTE_TAKEN: {
    retry: "never",
    message: (d: { port: number; path: string; methods: string; wantedBy: string; takenBy: string }) =>
      `'${d.wantedBy}' wants ${d.methods} ${d.path} on port ${d.port}, which '${d.takenBy}' has`,
    hint: "give one of the two another endpoint, method or port",
  },
  PORT_IN_USE: {
    retry: "later",
    message: (d: { host: string; port: number }) =>
      `port ${d.port} on ${d.host} is in use by another program`,
    hint: "stop that program, or give the EventSource another port; it is tried again by itself",
  },
  PORT_DENIED: {
    retry: "later",
    message: (d: { host: string; port: number; reason: string }) =>
      `cannot listen on port ${d.port} of ${d.host}: ${d.reason}`,
    hint: "ports under 1024 need a privilege: use a higher one; the host has to be an address of this machine",
  },
  TLS_CONFLICT: {
    retry: "later",
    message: (d: { port: number; wantedBy: string; takenBy: string }) =>
      `'${d.wantedBy}' and '${d.takenBy}' share port ${d.port} but not the certificate`,
    hint: "give both the same serverCertSecret and serverKeySecret, or one of them another port",
  },
  TLS_INVALID: {
    retry: "later",
    message: (d: { port: number; reason: string }) => `certificate or key for port ${d.port}: ${d.reason}`,
    hint: "the secrets named by serverCertSecret and serverKeySecret hold PEM texts that belong together",
  },
  NOT_FOUND: {
    retry: "never",
    message: (d: { path: string }) => `nothing is mounted at '${d.path}'`,
    hint: "`sluice source list` shows the endpoints that are live",
  },
  METHOD_NOT_ALLOWED: {
    retry: "never",
    message: (d: { method: string; allow: string }) => `method ${d.method} is not taken here, ${d.allow} is`,
    hint: "use a method of the Allow header",
  },
  BODY_TOO_LARGE: {
    retry: "never",
    message: (d: { maxBytes: number }) => `the body is larger than ${d.maxBytes} B`,
    hint: "raise maxPayloadSize of the EventSource, or send a reference to the content",
  },
  ENCODING_UNSUPPORTED: {
    retry: "never",
    message: (d: { encoding: string }) => `Content-Encoding '${d.encoding}' is not taken`,
    hint: "send the body uncompressed",
  },
  OVERLOADED: {
    retry: "later",
    message: (d: { limit: number }) => `${d.limit} requests are under way already`,
    hint: "send it again after Retry-After",
  },
  HANDLER_FAILED: {
    retry: "bug",
    message: (_: Record<string, never>) => "the request could not be handled",
    hint: "the log has the reason",
  },
});

export const ServerError = defineErrors("SERVER", {
  TOKEN_REQUIRED: {
    retry: "never",
    message: (d: { host: string }) => `binding ${d.host} opens the API to the network and needs a token`,
    hint: "set a token, or bind 127.0.0.1",
  },
  LISTEN: {
    retry: "later",
    message: (d: { host: string; port: number; reason: string }) =>
      `the API cannot listen on ${d.host}:${d.port}: ${d.reason}`,
    hint: "another server may run: `sluice doctor`; or choose another port with --port",
  },
  UNAUTHORIZED: {
    retry: "never",
    message: (_: Record<string, never>) => "the API wants a bearer token",
    hint: "send 'Authorization: Bearer TOKEN'; the command line reads SLUICE_TOKEN",
  },
  HOST_REFUSED: {
    retry: "never",
    message: (d: { host: string }) => `Host '${d.host}' is not this server`,
    hint: "use http://127.0.0.1 or http://localhost: other names could be a page that was rebound to this machine",
  },
  NOT_FOUND: {
    retry: "never",
    message: (d: { what: string; name: string }) => `${d.what} "${d.name}" not found`,
    hint: "list what there is, and check the namespace",
  },
  ROUTE_UNKNOWN: {
    retry: "never",
    message: (d: { method: string; path: string }) => `no ${d.method} ${d.path} in this API`,
    hint: "GET /openapi.json lists every path",
  },
  REQUEST_INVALID: {
    retry: "never",
    message: (d: { where: string; reason: string }) => `${d.where}: ${d.reason}`,
    hint: "GET /openapi.json describes the request",
  },
  BODY_TOO_LARGE: {
    retry: "never",
    message: (d: { maxBytes: number }) => `the body is larger than ${d.maxBytes} B`,
    hint: "send less at once",
  },
  CONTENT_TYPE_UNSUPPORTED: {
    retry: "never",
    message: (d: { contentType: string }) => `content type '${d.contentType}' is not taken here`,
    hint: "send application/json; `apply` and `lint` take application/yaml too",
  },
  ENCODING_UNSUPPORTED: {
    retry: "never",
    message: (d: { encoding: string }) => `Content-Encoding '${d.encoding}' is not taken`,
    hint: "send the body uncompressed",
  },
  ALREADY_EXISTS: {
    retry: "never",
    message: (d: { what: string; name: string }) => `${d.what} '${d.name}' already exists`,
    hint: "update it, apply it with `sluice apply -f FILE`, or choose another name",
  },
  CHANGED_MEANWHILE: {
    retry: "never",
    message: (d: { what: string; name: string }) =>
      `${d.what} '${d.name}' was changed since it was read: its resourceVersion is another one`,
    hint: "read it again, make the change in what is there now, and send that",
  },
  NOT_REDRIVABLE: {
    retry: "never",
    message: (d: { id: string; stream: string; position: number }) =>
      `'${d.id.slice(0, 12)}' is a message of ${d.stream} (position ${d.position}) that cannot be decoded: there is no request in it to send again`,
    hint: "`sluice dead show ID` has its first bytes; have its sender send it again",
  },
  SELECTOR_INVALID: {
    retry: "never",
    message: (d: { selector: string; reason: string }) => `selector '${d.selector}': ${d.reason}`,
    hint: "as in kubectl: key=value, key!=value, key in (a,b), key notin (a,b), key, !key",
  },
  NOT_YET: {
    retry: "never",
    message: (d: { what: string }) => `${d.what} is not supported yet`,
    hint: "GET /openapi.json lists what is",
  },
  STILL_STARTING: {
    retry: "later",
    message: (d: { waiting: readonly string[] }) => `not ready yet: ${d.waiting.join(", ")}`,
    hint: "ask again in a moment; `sluice doctor` says more",
  },
  INTERNAL: {
    retry: "bug",
    message: (d: { request: string }) => `request ${d.request} met an error of ours`,
    hint: "the server's log has it under this request id",
  },
});
