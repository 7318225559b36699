import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { parseJson } from "../exprlang/builtins/json.ts";
import type { LanguageFunction } from "../exprlang/context.ts";
import { Fault, fault } from "../fault.ts";
import { goJson } from "../values.ts";
import { int, str } from "./cast.ts";
import { meetsConstraint, parseVersion } from "./semver.ts";

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

function fromBase64(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text.replace(/[\r\n]/g, "") ? bytes : fault("illegal base64 data");
}

/** A password as a key of AES-256: cut, or filled with zeros. */
const aesKey = (password: unknown): Buffer => Buffer.alloc(32).fill(Buffer.from(str(password)), 0, 32);

/** AES-256-CBC with a vector by chance before the text; base64. */
const encryptAes: LanguageFunction = ([password, text], { budget, random }) => {
  budget.text(2 * str(text).length);
  const vector = Buffer.from(
    (random ?? fault("chance is not to be had here")).id().slice(0, 32).padEnd(32, "0"),
    "hex",
  );
  const cipher = createCipheriv("aes-256-cbc", aesKey(password), vector);
  return Buffer.concat([vector, cipher.update(str(text), "utf8"), cipher.final()]).toString("base64");
};

const decryptAes: LanguageFunction = ([password, text]) => {
  const bytes = fromBase64(str(text));
  if (bytes.length < 32 || bytes.length % 16 !== 0) return fault("the text is not of encryptAES");
  const cipher = createDecipheriv("aes-256-cbc", aesKey(password), bytes.subarray(0, 16));
  try {
    return Buffer.concat([cipher.update(bytes.subarray(16)), cipher.final()]).toString("utf8");
  } catch {
    return fault("the text is not of encryptAES with this password");
  }
};

/** The plain forms of sprig's functions give nil where the `must…` forms fail. */
function orNil(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

const hash =
  (algorithm: string): LanguageFunction =>
  ([text]) =>
    createHash(algorithm).update(str(text), "utf8").digest("hex");

const fromJson: LanguageFunction = ([text], context) => parseJson(str(text), context);
const toJson: LanguageFunction = ([value], { budget }) => goJson(value, budget);

export const encodingFunctions: Readonly<Record<string, LanguageFunction>> = {
  b64enc: ([text]) => Buffer.from(str(text), "utf8").toString("base64"),
  b64dec: ([text]) => fromBase64(str(text)).toString("utf8"),
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
  fromJson: (args, context) => orNil(() => fromJson(args, context)),
  mustFromJson: fromJson,
  semver: ([text]) => parseVersion(str(text)),
  semverCompare: ([constraint, text]) => meetsConstraint(str(constraint), str(text)),
  encryptAES: encryptAes,
  decryptAES: decryptAes,
  toHex: ([value]) => int(value).toString(16),
};
