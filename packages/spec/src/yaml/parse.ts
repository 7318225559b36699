import { isObject, type Json } from "@sluice/base";
import { Composer, type Document, LineCounter, type Node, type YAMLError } from "yaml";
import { type Issue, type IssueCode, type Locate, makeIssueSink, maxIssues } from "../issue.ts";
import { convertDocument } from "./convert.ts";
import { deeperThan } from "./depth.ts";
import { defaultLimits, type ParseLimits } from "./limits.ts";
import { makeLocate } from "./locate.ts";
import { type TextBound, TextLimit, tokensOf } from "./tokens.ts";

/** One document of a text (or one item of a `kind: List`) as plain JSON, with the way back to its place in the text. */
export interface ParsedDocument {
  readonly file?: string;
  /** 0-based, among the documents of the text. */
  readonly index: number;
  readonly json: Json;
  readonly locate: Locate;
}

export interface ParseOptions {
  /** Shown in issues. */
  readonly file?: string | undefined;
  readonly limits?: Partial<ParseLimits> | undefined;
}

export interface ParseResult {
  readonly documents: readonly ParsedDocument[];
  readonly issues: readonly Issue[];
}

/**
 * Reads a text of YAML documents or JSON. What is wrong is collected in `issues`, never thrown; a document with an
 * error in its text is left out of `documents`, empty ones are skipped, and a `kind: List` gives its items.
 */
export function parseManifests(text: string, options: ParseOptions = {}): ParseResult {
  const limits = { ...defaultLimits, ...options.limits };
  const run = new ParseRun(text, options.file, limits);
  if (Buffer.byteLength(text) > limits.maxBytes) {
    run.issue("SPEC_LIMIT", 0, `the text is larger than ${limits.maxBytes} bytes`, "split it into files");
  } else {
    run.read();
  }
  return { documents: run.documents, issues: run.issues };
}

class ParseRun {
  readonly documents: ParsedDocument[] = [];
  readonly issues: Issue[] = [];
  readonly #text: string;
  readonly #file: string | undefined;
  readonly #limits: ParseLimits;
  readonly #lines = new LineCounter();

  constructor(text: string, file: string | undefined, limits: ParseLimits) {
    this.#text = text.startsWith("\uFEFF") ? text.slice(1) : text;
    this.#file = file;
    this.#limits = limits;
  }

  read(): void {
    try {
      this.#readAll();
    } catch (error) {
      if (!(error instanceof TextLimit)) throw error;
      if (error.what !== "maxDepth") this.#countLines(error.offset);
      const { message, hint } = sayTextLimit(error.what, this.#limits[error.what]);
      this.issue("SPEC_LIMIT", error.offset, message, hint);
    }
  }

  /** For a place that no parser came to. */
  #countLines(offset: number): void {
    for (let at = this.#text.indexOf("\n"); at >= 0 && at < offset; at = this.#text.indexOf("\n", at + 1))
      this.#lines.addNewLine(at + 1);
  }

  #readAll(): void {
    const composer = new Composer({
      version: "1.2",
      schema: "core",
      uniqueKeys: false, // quadratic there; `convert` does it in linear time
      strict: true,
      prettyErrors: false,
      merge: false,
    });
    const compose = function* (this: ParseRun) {
      let wrong = 0;
      for (const token of tokensOf(this.#text, this.#lines.addNewLine, this.#limits)) {
        // Past what is shown, each further error would only cost.
        if (token.type === "error" && ++wrong > maxIssues) continue;
        const deep = deeperThan(token, this.#limits.maxDepth);
        if (deep !== undefined) {
          const message = `the document nests deeper than ${this.#limits.maxDepth} levels`;
          this.issue("SPEC_LIMIT", deep.offset, message, "flatten it");
          return;
        }
        yield* composer.next(token);
      }
      yield* composer.end(false, this.#text.length);
    }.bind(this);
    let count = 0;
    for (const document of compose()) {
      count += 1;
      if (count > this.#limits.maxDocuments) {
        const message = `the text has more than ${this.#limits.maxDocuments} documents`;
        this.issue("SPEC_LIMIT", document.range[0], message, "split it into files");
        return;
      }
      this.#take(document, count - 1);
    }
  }

  #take(document: Document.Parsed, index: number): void {
    const wrong: readonly YAMLError[] = [...document.errors, ...document.warnings];
    for (const error of wrong.slice(0, maxIssues)) {
      this.issue("SPEC_YAML", error.pos[0], sayYamlError(error), hintYamlError(error));
    }
    if (wrong.length > 0 || document.contents === null) return;
    const converted = convertDocument(document, this.#limits);
    for (const found of converted.issues) {
      this.issue(found.code, found.offset, found.message, found.hint, found.severity);
    }
    const broken = converted.issues.some((found) => found.severity !== "warning");
    if (broken || converted.json === null) return;
    const locate = makeLocate({
      root: document.contents as Node,
      anchors: converted.anchors,
      text: this.#text,
      lines: this.#lines,
    });
    this.#emit(converted.json, index, locate);
  }

  #emit(json: Json, index: number, locate: Locate): void {
    const items = isObject(json) && json["kind"] === "List" ? json["items"] : undefined;
    const file = this.#file === undefined ? {} : { file: this.#file };
    if (!Array.isArray(items)) {
      this.documents.push({ ...file, index, json, locate });
      return;
    }
    for (const [i, item] of items.entries()) {
      this.documents.push({
        ...file,
        index,
        json: item as Json,
        locate: (path, what, inside) => locate(["items", i, ...path], what, inside),
      });
    }
  }

  issue(code: IssueCode, offset: number, message: string, hint: string, severity?: Issue["severity"]): void {
    const { line, col } = this.#lines.linePos(offset);
    const position = { line: Math.max(1, line), col: Math.max(1, col) };
    const sink = makeIssueSink({ file: this.#file, locate: () => position });
    if (severity === "warning") sink.warn(code, [], { message, hint });
    else sink.error(code, [], { message, hint });
    this.issues.push(...sink.issues);
  }
}

function sayTextLimit(what: TextBound, max: number): { readonly message: string; readonly hint: string } {
  switch (what) {
    case "maxDepth":
      return { message: `the document nests deeper than ${max} levels`, hint: "flatten it" };
    case "maxTokens":
      return { message: `the text has more than ${max} tokens`, hint: "split it into files" };
    case "maxMarks":
      return {
        message: `the text has more than ${max} anchors, aliases and tags`,
        hint: "write the values out, or split it into files",
      };
  }
}

/** The library's text without its position, which we say ourselves. */
const sayYamlError = (error: YAMLError): string =>
  (error.message.split("\n")[0] ?? error.message).replace(/ at line \d+, column \d+:?$/, "");

function hintYamlError(error: YAMLError): string {
  switch (error.code) {
    case "TAB_AS_INDENT":
      return "indent with spaces: YAML takes no tabs there";
    case "TAG_RESOLVE_FAILED":
      return "take the tag out: only plain YAML is read";
    case "BAD_INDENT":
      return "line the keys of one map up in one column";
    case "MULTILINE_IMPLICIT_KEY":
    case "BLOCK_AS_IMPLICIT_KEY":
      return "look for a missing ':' or quote, or quote a value that has ': ' in it";
    case "MISSING_CHAR":
      return "close the quote or bracket";
    case "UNEXPECTED_TOKEN":
      return 'quote values that start with one of { [ & * ! | > % @ `, for example "{{inputs.parameters.x}}"';
    default:
      return "look at this line and the one before it";
  }
}
