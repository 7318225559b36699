import { defineErrors } from "@sluice/base";

/** What can go wrong on the bus. Codes are kept for ever; `docs/errors.md` has a row for each. */
export const BusError = defineErrors("BUS", {
  ARTIFACT_KEY: {
    retry: "never",
    message: (d: { key: string; reason: string }) => `artifact key '${d.key.slice(0, 120)}' ${d.reason}`,
    hint: "write names joined by '/', none of them '.' or '..', at most 1,024 bytes",
  },
  UNAVAILABLE: {
    retry: "later",
    message: (d: { what: string; reason: string }) => `${d.what}: the bus is away or silent (${d.reason})`,
    hint: "check that the NATS server runs and can be reached: `sluice doctor`",
  },
  WRONG_SEQUENCE: {
    retry: "later",
    message: (d: { subject: string; expectedSeq: number }) =>
      `another writer was first on '${d.subject}': its last sequence is not ${d.expectedSeq}`,
    hint: "read what is there now and decide again",
  },
  MESSAGE_TOO_LARGE: {
    retry: "never",
    message: (d: { subject: string; bytes: number; maxBytes: number }) =>
      `message for '${d.subject}' is ${d.bytes} B, the server takes ${d.maxBytes} B`,
    hint: "raise `max_payload` of the NATS server, or send less",
  },
  STREAM_FULL: {
    retry: "later",
    message: (d: { subject: string; reason: string }) => `the stream of '${d.subject}' is full (${d.reason})`,
    hint: "free disk space, or raise the stream's limits",
  },
  STREAM_SETTINGS: {
    retry: "never",
    message: (d: { stream: string; reason: string }) =>
      `stream '${d.stream}' cannot be brought to the wanted settings (${d.reason})`,
    hint: (d: { stream: string; reason: string }) =>
      `change the setting back, or back up and remove the stream ('nats stream rm ${d.stream}') so that it is made anew`,
  },
  CONSUMER_SETTINGS: {
    retry: "never",
    message: (d: { stream: string; durable: string; reason: string }) =>
      `consumer '${d.durable}' of '${d.stream}' was refused (${d.reason})`,
    hint: "check its subjects: no two of them may cover the same message",
  },
  NAME_TOO_LONG: {
    retry: "never",
    message: (d: { name: string; maxBytes: number }) =>
      `name '${d.name}' does not fit ${d.maxBytes} B as a subject token`,
    hint: "choose a shorter name",
  },
  DENIED: {
    retry: "never",
    message: (d: { servers: string; reason: string }) => `${d.servers} refused us (${d.reason})`,
    hint: "check user, password, token or credentials file, and the account's permissions",
  },
  SERVER_TOO_OLD: {
    retry: "never",
    message: (d: { where: string; version: string; wanted: string }) =>
      `${d.where} is nats-server ${d.version}, ${d.wanted} or newer is needed`,
    hint: "upgrade it (2.9 lacks several filters per consumer and `sync_interval`), or set SLUICE_NATS_SERVER to a newer binary",
  },
  SERVER_NOT_FOUND: {
    retry: "never",
    message: (d: { looked: readonly string[] }) => `no nats-server found; looked at ${d.looked.join(", ")}`,
    hint: "run the set-up again (`npm start`), install nats-server >= 2.10, or set SLUICE_NATS_SERVER to its path; or use a server of your own with `--nats URL`",
  },
  SERVER_EXITED: {
    retry: "later",
    message: (d: { exit: string; lastLog: string }) => `nats-server ended (${d.exit}): ${d.lastLog}`,
    hint: "read its log under the data folder (nats/server.log)",
  },
  DATA_FOLDER_BUSY: {
    retry: "never",
    message: (d: { folder: string; pid: number }) =>
      `data folder '${d.folder}' is in use by process ${d.pid}`,
    hint: (d: { folder: string; pid: number }) =>
      `stop process ${d.pid}, or choose another folder with \`--data\``,
  },
  DECODE: {
    retry: "never",
    message: (d: { what: string; seq: number; reason: string }) =>
      `${d.what} at sequence ${d.seq} cannot be read (${d.reason})`,
    hint: "it was written by a newer version, or by something else than Sluice; it is kept in quarantine",
  },
  OBJECT_CORRUPT: {
    retry: "never",
    message: (d: { hash: string; reason: string }) => `object ${d.hash} is damaged (${d.reason})`,
    hint: "restore the object store from a backup",
  },
  CLOSED: {
    retry: "never",
    message: (d: { what: string }) => `${d.what}: the bus connection was closed`,
    hint: "the process is stopping; ask again when it runs",
  },
});
