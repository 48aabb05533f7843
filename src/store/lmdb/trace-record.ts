import { VERDICTS } from '../../model/verdict.ts';
import type { Trace } from '../store.ts';
import { copyTokens, spreadTokens, TOKEN_BYTES, TOKEN_STRIDE } from './token-ids.ts';

const HEAD_BYTES = 68;
const TOKENS_MAX = 128;
const SCORES_MAX = 64;
const NO_ID = '0'.repeat(32);
/** The longest trace. */
export const TRACE_BYTES_MAX = HEAD_BYTES + 4 * SCORES_MAX + 2 * TOKENS_MAX * TOKEN_BYTES;

const scratch = Buffer.from(new ArrayBuffer(TRACE_BYTES_MAX));
const words = new Uint32Array(scratch.buffer);
const floats = new Float32Array(scratch.buffer);

/**
 * A trace before it is sealed. The result is scratch space: valid until the next call.
 *
 * ```
 *  0 at f64   8 total f64   16 text id 16   32 sender id 16   48 owner's id 16 (zeros: nobody's)
 * 64 verdict u8   65 scores u8   66 sids u8   67 uids u8
 * 68 scores f32, then sids, then uids, 8 bytes each
 * ```
 */
export function encodeTrace(trace: Trace, ownerId: string): Uint32Array {
  const sids = Math.min(trace.sids.length / TOKEN_STRIDE, TOKENS_MAX);
  const uids = Math.min(trace.uids.length / TOKEN_STRIDE, TOKENS_MAX);
  const scores = Math.min(trace.scores.length, SCORES_MAX);
  scratch.writeDoubleLE(trace.at, 0);
  scratch.writeDoubleLE(trace.total, 8);
  writeId(trace.textId, 16);
  writeId(trace.senderId, 32);
  writeId(ownerId, 48);
  scratch[64] = VERDICTS.indexOf(trace.verdict);
  scratch[65] = scores;
  scratch[66] = sids;
  scratch[67] = uids;
  let word = HEAD_BYTES / 4;
  for (let i = 0; i < scores; i++) floats[word++] = trace.scores[i]!;
  word = writeTokens(trace.sids, sids, word);
  word = writeTokens(trace.uids, uids, word);
  return words.subarray(0, word);
}

function writeId(id: string, at: number): void {
  scratch.write(id === '' ? NO_ID : id, at, 'hex');
}

/** Returns the next free word. */
function writeTokens(ids: Buffer, count: number, at: number): number {
  copyTokens(ids, count, { words, at });
  return at + 2 * count;
}

/** Undefined where the trace is not of this owner. Token ids come back with a stride of 16, the second half of each zero. */
export function decodeTrace(record: Buffer, ownerId: string): Trace | undefined {
  if (readId(record, 48) !== ownerId) return undefined;
  const scores = new Float32Array(record[65]!);
  for (let i = 0; i < scores.length; i++) scores[i] = record.readFloatLE(HEAD_BYTES + 4 * i);
  const sidsAt = HEAD_BYTES + 4 * scores.length;
  const uidsAt = sidsAt + record[66]! * TOKEN_BYTES;
  return {
    at: record.readDoubleLE(0),
    verdict: VERDICTS[record[64]!]!,
    total: record.readDoubleLE(8),
    textId: readId(record, 16),
    senderId: readId(record, 32),
    scores,
    sids: spreadTokens(record.subarray(sidsAt, uidsAt)),
    uids: spreadTokens(record.subarray(uidsAt, uidsAt + record[67]! * TOKEN_BYTES)),
  };
}

function readId(record: Buffer, at: number): string {
  const id = record.toString('hex', at, at + 16);
  return id === NO_ID ? '' : id;
}
