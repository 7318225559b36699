// Paths and URLs, read without touching either.
import type { LanguageFunction } from "../exprlang/context.ts";
import { fault } from "../fault.ts";
import { dict, str } from "./cast.ts";

/** RFC 3986's parts; what follows a scheme without `/` is opaque. */
const urlParts = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#([\s\S]*))?$/;

/** Sprig's URL dict: the parts by name. */
function parsedUrl(text: string): unknown {
  const found = urlParts.exec(text);
  if (found === null || /[\s<>"{}|\\^`]/.test(found[2] ?? "")) return fault("the text is not a URL");
  const [, scheme = "", authority, rest = "", query = "", fragment = ""] = found;
  const opaque = scheme !== "" && authority === undefined && !rest.startsWith("/");
  const at = (authority ?? "").lastIndexOf("@");
  const host = (authority ?? "").slice(at + 1);
  return {
    scheme: scheme.toLowerCase(),
    host,
    hostname: host.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1"),
    path: opaque ? "" : unescaped(rest),
    query,
    opaque: opaque ? rest : "",
    fragment: unescaped(fragment),
    userinfo: at < 0 ? "" : (authority ?? "").slice(0, at),
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return fault("the text is not a URL");
  }
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
  const scheme = part("scheme") === "" ? "" : `${part("scheme")}:`;
  return `${scheme}${part("opaque") === "" ? `${host}${rooted}` : part("opaque")}${query}${fragment}`;
}

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

function baseName(path: string): string {
  if (path === "") return ".";
  return path.split("/").findLast((part) => part !== "") ?? "/";
}

export const locationFunctions: Readonly<Record<string, LanguageFunction>> = {
  urlJoin: ([parts]) => joinedUrl(dict(parts)),
  urlParse: ([text]) => parsedUrl(str(text)),
  base: ([path]) => baseName(str(path)),
  dir: ([path]) => cleanPath(str(path).slice(0, str(path).lastIndexOf("/") + 1)),
  ext: ([path]) => /\.[^./]*$/.exec(str(path))?.[0] ?? "",
  clean: ([path]) => cleanPath(str(path)),
  isAbs: ([path]) => str(path).startsWith("/"),
};
