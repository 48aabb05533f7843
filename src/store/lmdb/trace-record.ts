import { VERDICTS } from '../../model/verdict.ts';
import { FEATURES_MAX, GRAMS_MAX } from '../../text/features.ts';
import { FINGERPRINT_WORDS, type Fingerprint, isEmpty, NO_FINGERPRINT } from '../../text/fingerprint.ts';
import { idOfWords, idWord } from '../id-words.ts';
import { packSlots, SLOT_BYTES, unpackSlots } from '../slots.ts';
import type { Trace } from '../store.ts';
import { TOKEN_STRIDE } from '../token-words.ts';
import { copyTokens, packScripts, spreadTokens, TOKEN_BYTES, unpackScripts } from './token-ids.ts';

const HEAD_BYTES = 72;
const SCORES_MAX = 64;
/** Scripts of tokens in a word. */
const SCRIPTS_A_WORD = 8;
/** A trace takes whole places of this size: each is one block of the cipher that seals it. */
export const PLACE_BYTES = 16;
const PLACE_WORDS = PLACE_BYTES / 4;
/** The longest trace. */
export const TRACE_BYTES_MAX =
  PLACE_BYTES *
  Math.ceil(
    (HEAD_BYTES +
      4 * (SCORES_MAX + FINGERPRINT_WORDS) +
      FEATURES_MAX * (TOKEN_BYTES + 1) +
      4 +
      GRAMS_MAX * SLOT_BYTES) /
      PLACE_BYTES,
  );

const TEXT_WORD = 4;
const SENDER_WORD = 8;
const OWNER_WORD = 12;
const COUNTS_WORD = 16;
const CHECK_WORD = 17;

const words = new Uint32Array(TRACE_BYTES_MAX / 4);
const floats = new Float32Array(words.buffer);
const doubles = new Float64Array(words.buffer);
const bytes = new Uint8Array(words.buffer);

/**
 * A trace before it is sealed, in whole places. The result is scratch space: valid until the next call.
 *
 * ```
 *  0 at f64   8 total f64   16 text id 16   32 sender id 16   48 owner's id 16 (zeros: nobody's)
 * 64 verdict u8, scores u8, sids u8, words of the fingerprint u8 (0 or 16)   68 check u32
 * 72 scores f32, then sids, 8 bytes each, then the fingerprint, then the scripts of their letters, half a byte each, in whole
 *    words, then how many slots u32, then slots, 3 bytes each, then zeros
 * ```
 */
export function encodeTrace(trace: Trace, ownerId: string, check: number): Uint32Array {
  const sids = Math.min(trace.sids.length / TOKEN_STRIDE, FEATURES_MAX);
  const scores = Math.min(trace.scores.length, SCORES_MAX);
  doubles[0] = trace.at;
  doubles[1] = trace.total;
  writeId(trace.textId, TEXT_WORD);
  writeId(trace.senderId, SENDER_WORD);
  writeId(ownerId, OWNER_WORD);
  const print = isEmpty(trace.fingerprint) ? 0 : FINGERPRINT_WORDS;
  words[COUNTS_WORD] = VERDICTS.indexOf(trace.verdict) | (scores << 8) | (sids << 16) | (print << 24);
  words[CHECK_WORD] = check;
  let at = HEAD_BYTES / 4;
  for (let i = 0; i < scores; i++) floats[at++] = trace.scores[i]!;
  copyTokens(trace.sids, sids, { words, at });
  at += 2 * sids;
  for (let i = 0; i < print; i++) words[at++] = trace.fingerprint[i]!;
  const scriptWords = Math.ceil(sids / SCRIPTS_A_WORD);
  const slots = Math.min(trace.slots.length, GRAMS_MAX);
  const end = at + scriptWords + 1 + Math.ceil((slots * SLOT_BYTES) / 4);
  const last = PLACE_WORDS * Math.ceil(end / PLACE_WORDS);
  words.fill(0, at, last);
  packScripts(trace.sids, sids, bytes, 4 * at);
  words[at + scriptWords] = slots;
  packSlots(trace.slots.subarray(0, slots), bytes, 4 * (at + scriptWords + 1));
  return words.subarray(0, last);
}

function writeId(id: string, at: number): void {
  for (let word = 0; word < 4; word++) words[at + word] = id === '' ? 0 : idWord(id, word);
}

/**
 * Undefined where the trace is not of this owner, or is another one. Of each token's id the second half comes back as zeros.
 * @param record as `readTrace` gives it, with what lies behind the trace.
 */
export function decodeTrace(record: Uint32Array, ownerId: string, check: number): Trace | undefined {
  if (record.byteLength < HEAD_BYTES) return undefined;
  if (readId(record, OWNER_WORD) !== ownerId || record[CHECK_WORD] !== check) return undefined;
  const counts = record[COUNTS_WORD]!;
  const scoresAt = HEAD_BYTES / 4;
  const sidsAt = scoresAt + ((counts >>> 8) & 0xff);
  const count = (counts >>> 16) & 0xff;
  const sidsEnd = sidsAt + 2 * count;
  const scriptsAt = sidsEnd + (counts >>> 24);
  const slotsAt = scriptsAt + Math.ceil(count / SCRIPTS_A_WORD);
  const scripts = unpackScripts(bytesFrom(record, scriptsAt), count);
  const slots = bytesFrom(record, slotsAt + 1).subarray(
    0,
    SLOT_BYTES * Math.min(record[slotsAt] ?? 0, GRAMS_MAX),
  );
  const head = new Float64Array(record.buffer, 0, 2);
  return {
    at: head[0]!,
    verdict: VERDICTS[counts & 0xff]!,
    total: head[1]!,
    textId: readId(record, TEXT_WORD),
    senderId: readId(record, SENDER_WORD),
    scores: new Float32Array(record.slice(scoresAt, sidsAt).buffer),
    sids: spreadTokens(Buffer.from(record.slice(sidsAt, sidsEnd).buffer), scripts),
    fingerprint: fingerprintAt(record, sidsEnd, counts >>> 24),
    slots: unpackSlots(slots),
  };
}

/** A sample without text has none. */
function fingerprintAt(record: Uint32Array, at: number, length: number): Fingerprint {
  return length === FINGERPRINT_WORDS ? record.slice(at, at + length) : NO_FINGERPRINT;
}

function bytesFrom(record: Uint32Array, at: number): Uint8Array {
  const rest = record.subarray(at);
  return new Uint8Array(rest.buffer, rest.byteOffset, rest.byteLength);
}

function readId(record: Uint32Array, at: number): string {
  const id = record.subarray(at, at + 4);
  return id.every((word) => word === 0) ? '' : idOfWords(id);
}
