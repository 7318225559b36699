import { createHash } from "node:crypto";
import { parseJson } from "../exprlang/builtins/convert.ts";
import type { LanguageFunction } from "../exprlang/context.ts";
import { fault } from "../fault.ts";
import { goJson } from "../values.ts";
import { dict, int, str } from "./cast.ts";

const base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function base32(text: string): string {
  const bits = [...Buffer.from(text, "utf8")].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = (bits.match(/.{1,5}/g) ?? []).map(
    (five) => base32Alphabet[Number.parseInt(five.padEnd(5, "0"), 2)],
  );
  return letters.join("").padEnd(Math.ceil(letters.length / 8) * 8, "=");
}

function fromBase32(text: string): string {
  const letters = [...text.replace(/=+$/, "")];
  if (letters.some((letter) => !base32Alphabet.includes(letter))) fault("illegal base32 data");
  const bits = letters.map((letter) => base32Alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))).toString("utf8");
}

function adler32(text: string): number {
  let a = 1;
  let b = 0;
  for (const byte of Buffer.from(text, "utf8")) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return ((b << 16) | a) >>> 0;
}

const hash =
  (algorithm: string): LanguageFunction =>
  ([text]) =>
    createHash(algorithm).update(str(text), "utf8").digest("hex");

const fromJson: LanguageFunction = ([text], context) => parseJson(str(text), context);
const toJson: LanguageFunction = ([value], { budget }) => goJson(value, budget);

/** Sprig's URL dict: the parts by name. */
function parsedUrl(text: string): unknown {
  if (!URL.canParse(text)) return fault("the text is not a URL");
  const url = new URL(text);
  const login =
    url.username === "" ? "" : url.password === "" ? url.username : `${url.username}:${url.password}`;
  return {
    scheme: url.protocol.slice(0, -1),
    host: url.host,
    hostname: url.hostname,
    path: url.pathname,
    query: url.search.slice(1),
    opaque: "",
    fragment: url.hash.slice(1),
    userinfo: login,
  };
}

interface Version {
  readonly numbers: readonly number[];
  readonly pre: string;
}

function version(text: string): Version {
  const found = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([\w.-]+))?(?:\+[\w.-]+)?$/.exec(text.trim());
  if (found === null) return fault("invalid semantic version");
  return { numbers: [1, 2, 3].map((index) => Number(found[index] ?? 0)), pre: found[4] ?? "" };
}

function compareVersions(a: Version, b: Version): number {
  for (const index of [0, 1, 2]) {
    const order = (a.numbers[index] ?? 0) - (b.numbers[index] ?? 0);
    if (order !== 0) return order;
  }
  if (a.pre === b.pre) return 0;
  if (a.pre === "" || b.pre === "") return a.pre === "" ? 1 : -1;
  return a.pre < b.pre ? -1 : 1;
}

/** Each comma- or space-separated bound must hold; `^` keeps the first non-zero number, `~` the first two. */
function satisfies(constraint: string, text: string): boolean {
  const wanted = version(text);
  const alternatives = constraint.split("||");
  return alternatives.some((all) =>
    (all.match(/[<>=!^~]*\s*v?[\w.+-]+/g) ?? []).every((bound) => meets(bound, wanted)),
  );
}

function meets(bound: string, wanted: Version): boolean {
  const found = /^([<>=!^~]*)\s*(.*)$/.exec(bound);
  const limit = version(found?.[2] ?? "");
  const order = compareVersions(wanted, limit);
  const same = (count: number): boolean =>
    limit.numbers.slice(0, count).every((n, i) => n === wanted.numbers[i]);
  switch (found?.[1]) {
    case "":
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "^":
      return order >= 0 && same(limit.numbers.findIndex((n) => n !== 0) + 1 || 3);
    case "~":
      return order >= 0 && same(2);
    default:
      return fault(`'${bound}' is not a version constraint`);
  }
}

export const encodingFunctions: Readonly<Record<string, LanguageFunction>> = {
  b64enc: ([text]) => Buffer.from(str(text), "utf8").toString("base64"),
  b64dec: ([text]) => Buffer.from(str(text), "base64").toString("utf8"),
  b32enc: ([text]) => base32(str(text)),
  b32dec: ([text]) => fromBase32(str(text)),
  sha1sum: hash("sha1"),
  sha256sum: hash("sha256"),
  sha512sum: hash("sha512"),
  adler32sum: ([text]) => String(adler32(str(text))),
  toJson,
  mustToJson: toJson,
  toRawJson: toJson,
  mustToRawJson: toJson,
  toPrettyJson: ([value], { budget }) => goJson(value, budget, "  "),
  mustToPrettyJson: ([value], { budget }) => goJson(value, budget, "  "),
  fromJson,
  mustFromJson: fromJson,
  urlJoin: ([parts]) => joinedUrl(dict(parts)),
  urlParse: ([text]) => parsedUrl(str(text)),
  semver: ([text]) => {
    const { numbers, pre } = version(str(text));
    return { Major: numbers[0], Minor: numbers[1], Patch: numbers[2], Prerelease: pre, Original: str(text) };
  },
  semverCompare: ([constraint, text]) => satisfies(str(constraint), str(text)),
  base: ([path]) => str(path).replace(/\/+$/, "").split("/").at(-1) ?? "",
  dir: ([path]) => str(path).split("/").slice(0, -1).join("/") || (str(path).startsWith("/") ? "/" : "."),
  ext: ([path]) => /\.[^./]*$/.exec(str(path))?.[0] ?? "",
  clean: ([path]) => cleanPath(str(path)),
  isAbs: ([path]) => str(path).startsWith("/"),
  toHex: ([value]) => int(value).toString(16),
};

function cleanPath(path: string): string {
  const kept: string[] = [];
  const rooted = path.startsWith("/");
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!rooted) kept.push(part);
  }
  return (rooted ? "/" : "") + kept.join("/") || ".";
}

/** The other way round than `urlParse`: scheme, host, path, query, fragment, userinfo to a URL. */
function joinedUrl(parts: Readonly<Record<string, unknown>>): string {
  const part = (name: string): string => str(Object.hasOwn(parts, name) ? parts[name] : "");
  const user = part("userinfo") === "" ? "" : `${part("userinfo")}@`;
  const host = part("host") === "" && user === "" ? "" : `//${user}${part("host")}`;
  const path = part("path");
  const rooted = host === "" || path === "" || path.startsWith("/") ? path : `/${path}`;
  const query = part("query") === "" ? "" : `?${part("query")}`;
  const fragment = part("fragment") === "" ? "" : `#${part("fragment")}`;
  return `${part("scheme") === "" ? "" : `${part("scheme")}:`}${host}${rooted}${query}${fragment}`;
}
