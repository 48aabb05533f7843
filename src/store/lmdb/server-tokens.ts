import { FEATURES_MAX } from '../../text/features.ts';
import { segmentKey } from '../keys.ts';
import type { Starter } from '../starter.ts';
import type { ServerColumns, ServerTokens } from '../store.ts';
import { hasToken } from '../token-set.ts';
import { STRIDE_WORDS, TOKEN_STRIDE } from '../token-words.ts';
import { addLesson, noLessons, type Totals } from '../totals.ts';
import type { CheckpointRecord } from './checkpoint-record.ts';
import type { Environment } from './environment.ts';
import { learntByHost } from './host-share.ts';
import { HostTotals, hostIds } from './host-totals.ts';
import type { Learnt } from './lesson-record.ts';
import { TOKEN_BYTES } from './token-ids.ts';
import { ROW_WORDS, SEGMENT_TOKENS_MAX, TokenTable } from './token-table.ts';

const HEAD_BYTES = 16;

/** A segment or a table on its way to the disk; `failed` makes it due again. */
export interface Writing {
  readonly key: Buffer;
  readonly value: Buffer;
  written(): void;
  failed(): void;
}

/**
 * The server's table with its checkpoints: each segment is one value that names the last lesson in it. A lesson read again
 * at start is applied to those segments that do not have it yet.
 */
export class LMDBServerTokens implements ServerTokens {
  readonly totals: Totals = noLessons();
  generation = 0;
  starter = '';
  /** Tokens of the starter that have a place. */
  starterTokens = 0;
  #table: TokenTable;
  /** Last lesson of each segment as it was read; a lesson learnt since is newer than all of these. */
  #seqs: Float64Array;
  /** First lesson of each segment that is not on disk; 0 = all are. */
  #dirtySince: Float64Array;
  /** Last lesson in the totals as they were read. */
  #totalsSeq = 0;
  /** Where the next step goes on. */
  #cursor = 0;
  readonly #hosts = new HostTotals();
  /** Ids of a text's tokens in a host's table. */
  readonly #hostIds = new Int32Array(FEATURES_MAX * STRIDE_WORDS);

  constructor(segments: number) {
    this.#table = new TokenTable(segments);
    this.#seqs = new Float64Array(segments);
    this.#dirtySince = new Float64Array(segments);
  }

  get tokens(): number {
    return this.#table.tokens;
  }

  get tokensMax(): number {
    return this.#table.segments * SEGMENT_TOKENS_MAX;
  }

  get refused(): number {
    return this.#table.refused;
  }

  get segments(): number {
    return this.#table.segments;
  }

  /** Virtual hosts with a table of their own. */
  get hosts(): number {
    return this.#hosts.count;
  }

  hasHost(host: string): boolean {
    return this.#hosts.of(host) !== undefined;
  }

  encodeHosts(): Buffer {
    return this.#hosts.encode();
  }

  lookup(ids: Buffer, count: number, into: ServerColumns): void {
    this.#table.lookup(ids, count, into);
    setTotals(into, this.totals);
    into.hasStarter = this.starter !== '';
  }

  lookupHost(host: string, ids: Buffer, count: number, into: ServerColumns): boolean {
    const totals = this.#hosts.of(host);
    if (totals === undefined) return false;
    const own = hostIds(ids, count, { host: totals.id, into: this.#hostIds });
    this.#table.lookup(own, count, into);
    setTotals(into, totals);
    return true;
  }

  /** Adds the starter's words, the first of which come first. @param sids its hashes under the server's key. */
  addStarter({ id, shares }: Starter, sids: Buffer): void {
    for (const [index, share] of shares.entries()) {
      if (this.#table.setStarter(sids, index * TOKEN_STRIDE, share)) this.starterTokens += 1;
    }
    this.starter = id;
  }

  /** @param seq of the record that teaches or undoes; never less than one applied before. */
  apply(learnt: Learnt, seq: number, sign: 1 | -1): void {
    const byHost = learntByHost(learnt);
    this.#applyTokens(learnt, seq, sign);
    if (byHost !== undefined) this.#applyTokens(byHost.learnt, seq, sign);
    this.generation = Math.max(this.generation, seq);
    if (seq <= this.#totalsSeq) return;
    addLesson(this.totals, learnt, sign);
    if (byHost !== undefined) this.#hosts.add(byHost.id, byHost.learnt, sign);
  }

  #applyTokens(learnt: Learnt, seq: number, sign: 1 | -1): void {
    const { sids, weight, withheld } = learnt;
    this.#table.touch(sids);
    for (let offset = 0; offset < sids.length; offset += TOKEN_BYTES) {
      // What weighs nothing is nobody's word: it does not make a token one of two reporters either.
      if (weight === 0 || hasToken(withheld, offset / TOKEN_BYTES)) continue;
      const segment = this.#table.segmentOf(sids, offset);
      if (seq <= this.#seqs[segment]!) continue;
      this.#table.apply(learnt, offset, sign);
      if (this.#dirtySince[segment] === 0) this.#dirtySince[segment] = seq;
    }
  }

  /** Takes what is due among the next `count` segments; the caller writes it. */
  take(count: number): Writing[] {
    const writings: Writing[] = [];
    for (let i = 0; i < Math.min(count, this.segments); i++) {
      if (this.#dirtySince[this.#cursor] !== 0) writings.push(this.#takeSegment(this.#cursor));
      this.#cursor = (this.#cursor + 1) % this.segments;
    }
    return writings;
  }

  /** All lessons up to this one are on disk, once what was taken is. */
  get floor(): number {
    let first = this.generation + 1;
    for (const since of this.#dirtySince) if (since !== 0 && since < first) first = since;
    return first - 1;
  }

  #takeSegment(segment: number): Writing {
    const since = this.#dirtySince[segment]!;
    this.#dirtySince[segment] = 0;
    return {
      key: segmentKey(segment),
      value: this.#encode(segment),
      written: () => undefined,
      failed: () => {
        this.#dirtySince[segment] = since;
      },
    };
  }

  #encode(segment: number): Buffer {
    const words = new Uint32Array(HEAD_BYTES / 4 + SEGMENT_TOKENS_MAX * ROW_WORDS);
    const rows = this.#table.writeRows(segment, words, HEAD_BYTES / 4);
    const value = Buffer.from(words.buffer, 0, HEAD_BYTES + rows * ROW_WORDS * 4);
    value.writeDoubleLE(this.generation, 0);
    value.writeUInt32LE(rows, 8);
    return value;
  }

  /** Reads all segments; lessons up to the floor are in each of them, even if it names an older one. */
  load({ server }: Environment, checkpoint: CheckpointRecord): void {
    const { serverFloor, totalsSeq } = checkpoint;
    for (let segment = 0; segment < this.segments; segment++) {
      const value = server.get(segmentKey(segment));
      this.#seqs[segment] = Math.max(serverFloor, value?.readDoubleLE(0) ?? 0);
      if (value !== undefined) this.#table.readRows(rowsOf(value));
    }
    this.#totalsSeq = totalsSeq;
    this.totals.spam.set(checkpoint.spamByScript);
    this.totals.ham.set(checkpoint.hamByScript);
    this.#hosts.load(checkpoint.hosts);
    this.generation = this.#seqs.reduce((last, seq) => Math.max(last, seq), totalsSeq);
  }

  /** Moves all tokens to a table of another size; every segment of it is to be written. */
  resize(segments: number): void {
    const before = this.#table;
    this.#table = new TokenTable(segments);
    const rows = new Uint32Array(SEGMENT_TOKENS_MAX * ROW_WORDS);
    for (let segment = 0; segment < before.segments; segment++) {
      const count = before.writeRows(segment, rows, 0);
      this.#table.readRows(rows.subarray(0, count * ROW_WORDS));
    }
    this.#seqs = new Float64Array(segments).fill(this.generation);
    this.#dirtySince = new Float64Array(segments).fill(Math.max(1, this.generation));
    this.#cursor = 0;
  }
}

function setTotals(into: ServerColumns, { spam, ham }: Totals): void {
  into.spamTotal = spam[0]!;
  into.hamTotal = ham[0]!;
  into.spamByScript = spam;
  into.hamByScript = ham;
}

function rowsOf(value: Buffer): Uint32Array {
  const rows = new Uint8Array(value.readUInt32LE(8) * ROW_WORDS * 4);
  rows.set(value.subarray(HEAD_BYTES, HEAD_BYTES + rows.length));
  return new Uint32Array(rows.buffer);
}
