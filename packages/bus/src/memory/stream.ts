// One stream in memory, with JetStream's rules for dedup, expectations and limits.
// Invariants
//   M1. Sequences grow by one and are never used again, also after a purge.
//   M2. A message id seen within the dedup window is stored once; the check comes before the expectation's.
import { BusError } from "../errors.ts";
import type { FollowOptions, Message, PubAck, PublishOptions, StreamState } from "../ports/transport.ts";
import type { StreamSettings } from "../streams.ts";
import { subjectMatches } from "../subjects.ts";

export class MemoryStream {
  settings: StreamSettings;
  readonly #messages = new Map<number, Message>();
  readonly #bySubject = new Map<string, number[]>();
  readonly #ids = new Map<string, { readonly seq: number; readonly at: number }>();
  readonly #listeners = new Set<() => void>();
  #lastSeq = 0;
  #bytes = 0;

  constructor(settings: StreamSettings) {
    this.settings = settings;
  }

  append(subject: string, data: Uint8Array, options: PublishOptions, now: number): PubAck {
    this.#expire(now);
    const known = options.msgId === undefined ? undefined : this.#ids.get(options.msgId);
    if (known !== undefined) return { seq: known.seq, duplicate: true };
    const expected = options.expectLastSubjectSeq;
    if (expected !== undefined && (this.#bySubject.get(subject)?.at(-1) ?? 0) !== expected)
      throw BusError.WRONG_SEQUENCE({ subject, expectedSeq: expected });
    const { maxBytes, discard, maxPerSubject } = this.settings;
    if (maxBytes >= 0 && this.#bytes + data.length > maxBytes) {
      if (discard === "new") throw BusError.STREAM_FULL({ subject, reason: "maximum bytes exceeded" });
      for (const seq of this.#messages.keys()) {
        if (this.#bytes + data.length <= maxBytes) break;
        this.remove(seq);
      }
    }
    const seq = ++this.#lastSeq;
    const message = { subject, seq, data: data.slice(), headers: { ...options.headers }, storedAt: now };
    this.#messages.set(seq, message);
    this.#bytes += data.length;
    const seqs = this.#bySubject.get(subject);
    if (seqs === undefined) this.#bySubject.set(subject, [seq]);
    else seqs.push(seq);
    if (options.msgId !== undefined) this.#ids.set(options.msgId, { seq, at: now });
    if (maxPerSubject > 0) this.purge(subject, maxPerSubject);
    this.wake();
    return { seq, duplicate: false };
  }

  remove(seq: number): void {
    const message = this.#messages.get(seq);
    if (message === undefined) return;
    this.#messages.delete(seq);
    this.#bytes -= message.data.length;
    const left = (this.#bySubject.get(message.subject) ?? []).filter((other) => other !== seq);
    if (left.length === 0) this.#bySubject.delete(message.subject);
    else this.#bySubject.set(message.subject, left);
  }

  purge(filter: string, keep = 0, beforeSeq = Number.POSITIVE_INFINITY): void {
    for (const [subject, seqs] of [...this.#bySubject]) {
      if (!subjectMatches(filter, subject)) continue;
      for (const seq of seqs.slice(0, Math.max(0, seqs.length - keep))) if (seq < beforeSeq) this.remove(seq);
    }
  }

  last(filter: string): Message | undefined {
    const exact = this.#bySubject.get(filter)?.at(-1);
    if (exact !== undefined) return this.#messages.get(exact);
    const seqs = this.#matching(filter).map(([, own]) => own.at(-1) ?? 0);
    return this.#messages.get(Math.max(0, ...seqs));
  }

  get(seq: number): Message | undefined {
    return this.#messages.get(seq);
  }

  subjects(filter: string): Map<string, number> {
    return new Map(this.#matching(filter).map(([subject, seqs]) => [subject, seqs.length]));
  }

  info(): StreamState {
    const firstSeq = this.#messages.keys().next().value ?? this.#lastSeq + 1;
    return { messages: this.#messages.size, bytes: this.#bytes, firstSeq, lastSeq: this.#lastSeq };
  }

  /** The next message after `seq` on one of the subjects. */
  nextAfter(seq: number, filters: readonly string[]): Message | undefined {
    for (let i = Math.max(seq + 1, this.info().firstSeq); i <= this.#lastSeq; i++) {
      const message = this.#messages.get(i);
      if (message !== undefined && filters.some((filter) => subjectMatches(filter, message.subject)))
        return message;
    }
    return undefined;
  }

  /** Where a reader begins: it has seen everything up to this sequence. */
  startAfter(start: FollowOptions["start"]): number {
    if (start === "new") return this.#lastSeq;
    return typeof start === "object" ? start.seq - 1 : 0;
  }

  /** The newest message of each subject, in order. */
  lastPerSubject(filters: readonly string[]): readonly Message[] {
    const seqs = filters.flatMap((filter) => this.#matching(filter).map(([, own]) => own.at(-1) ?? 0));
    return [...new Set(seqs)].sort((a, b) => a - b).flatMap((seq) => this.#messages.get(seq) ?? []);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  wake(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #matching(filter: string): (readonly [string, number[]])[] {
    return [...this.#bySubject].filter(([subject]) => subjectMatches(filter, subject));
  }

  #expire(now: number): void {
    for (const [id, { at }] of this.#ids) {
      if (at + this.settings.dedupWindowMs > now) break;
      this.#ids.delete(id);
    }
    const { maxAgeMs } = this.settings;
    if (maxAgeMs <= 0) return;
    for (const [seq, message] of this.#messages) {
      if (message.storedAt + maxAgeMs > now) break;
      this.remove(seq);
    }
  }
}
