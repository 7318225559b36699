import { promisify } from "node:util";
import {
  brotliCompress,
  brotliCompressSync,
  constants,
  deflateRaw,
  deflateRawSync,
  gzip,
  gzipSync,
  inflateRaw,
  inflateRawSync,
} from "node:zlib";

/**
 * Compression that may take long. A parameter, since the threads that do it for real answer in an order of their own:
 * a simulation that repeats itself packs in place.
 */
export interface Packing {
  deflate(bytes: Uint8Array): Promise<Buffer>;
  /** Errors: what zlib says of damaged bytes, or of more than `maxBytes`. */
  inflate(bytes: Uint8Array, maxBytes: number): Promise<Buffer>;
  gzip(text: string): Promise<Buffer>;
  /** Quality 9, for text. */
  brotli(text: string): Promise<Buffer>;
}

const brotliOptions = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 9,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
  },
};

/** On zlib's own threads: the event loop goes on meanwhile. */
export const threadPacking: Packing = {
  deflate: promisify(deflateRaw) as (bytes: Uint8Array) => Promise<Buffer>,
  inflate: (bytes, maxOutputLength) => promisify(inflateRaw)(bytes, { maxOutputLength }),
  gzip: (text) => promisify(gzip)(text),
  brotli: (text) => promisify(brotliCompress)(text, brotliOptions),
};

/** At once, in place. */
export const inlinePacking: Packing = {
  deflate: async (bytes) => deflateRawSync(bytes),
  inflate: async (bytes, maxOutputLength) => inflateRawSync(bytes, { maxOutputLength }),
  gzip: async (text) => gzipSync(text),
  brotli: async (text) => brotliCompressSync(text, brotliOptions),
};
