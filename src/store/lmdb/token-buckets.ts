/** Words of a bucket, which is as long as a cache line: eight ids, then the counts of each. */
export const BUCKET_WORDS = 16;
export const BUCKET_TOKENS = 8;
/** Filled to 0.65: one bucket in twelve then goes on in the next one. */
const TOKENS_PER_BUCKET = 5.2;
/** Of a bucket's last word: some id that belongs here or before lies in the next bucket. */
export const GOES_ON = -0x80000000;
/** Spam in bits 0–14 of a token's counts, ham in bits 16–30; whole lessons. */
export const COUNT_MAX = 0x7fff;
export const HAM_SHIFT = 16;
/** 2³² ÷ the golden ratio: multiples of it spread evenly (Knuth, TAOCP 3, 6.4). */
const SPREAD = 0x9e3779b1;

/** Tokens in order of their ids. */
export interface SortedTokens {
  readonly ids: Uint32Array;
  readonly counts: Int32Array;
  readonly count: number;
}

/** The `buckets` that ids belong to; one more at least is there, for what overflows. */
export interface Buckets {
  readonly words: Int32Array<ArrayBuffer>;
  readonly buckets: number;
}

export function bucketOf(id: number, buckets: number): number {
  return Math.floor((id * buckets) / 2 ** 32);
}

/** Without the bucket's own bit; 0 = an empty place. */
export function countsAt(words: Int32Array, at: number): number {
  return words[at]! & ~GOES_ON;
}

/** With one bucket more. */
export function grown(words: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(words.length + BUCKET_WORDS);
  copy.set(words);
  return copy;
}

/** What buckets hold, in order. @param held how many tokens. */
export function sortedTokens(words: Int32Array, held: number): SortedTokens {
  const ids = new Uint32Array(held);
  const counts = new Int32Array(held);
  let count = 0;
  for (let at = 0; at < words.length; at += 16) {
    for (let i = at; i < at + 8; i++) {
      const own = words[i + 8]! & 0x7fffffff;
      if (own === 0) continue;
      // By insertion: an id is never more than a few buckets from its place.
      let to = count++;
      const id = words[i]! >>> 0;
      for (; to > 0 && ids[to - 1]! > id; to--) {
        ids[to] = ids[to - 1]!;
        counts[to] = counts[to - 1]!;
      }
      ids[to] = id;
      counts[to] = own;
    }
  }
  return { ids, counts, count };
}

/** Puts tokens into as many buckets as they need, in order: the same tokens give the same words. */
export function layOut({ ids, counts, count }: SortedTokens): Buckets {
  const buckets = Math.max(1, Math.ceil(count / TOKENS_PER_BUCKET));
  let words = new Int32Array((buckets + 1) * BUCKET_WORDS);
  let bucket = 0;
  let filled = 0;
  const scale = buckets / 2 ** 32;
  for (let i = 0; i < count; i++) {
    const id = ids[i]!;
    const home = (id * scale) | 0;
    if (home > bucket) {
      bucket = home;
      filled = 0;
    } else if (filled === 8) {
      words[16 * bucket + 15]! |= GOES_ON;
      bucket++;
      filled = 0;
      if (16 * bucket === words.length) words = grown(words);
    }
    words[16 * bucket + filled] = id;
    words[16 * bucket + filled + 8] = counts[i]!;
    filled++;
  }
  return { words, buckets };
}

/**
 * The `kept` commonest. Of those that are equally rare some go, from another one on each time: were they always the same, the
 * oldest of them would stay for ever, and a full table would learn no new token. Which ones follows from the lessons, so a
 * replay drops the same.
 * @param seq of the last lesson in the table
 */
export function withoutRarest(sorted: SortedTokens, kept: number, seq: number): SortedTokens {
  const totals = new Uint32Array(sorted.count);
  for (let i = 0; i < sorted.count; i++) totals[i] = totalOf(sorted.counts[i]!);
  totals.sort();
  const least = totals[sorted.count - kept] ?? 0;
  const rarer = totals.indexOf(least);
  const ties = totals.lastIndexOf(least) + 1 - rarer;
  const dropped = sorted.count - kept - rarer;
  const first = Math.floor(((Math.imul(seq + 1, SPREAD) >>> 0) / 2 ** 32) * ties);
  return keep(sorted, least, (tie) => (tie - first + ties) % ties >= dropped);
}

/** Keeps what counts more than `least`, and of what counts just that, whose index among them is spared. */
function keep(sorted: SortedTokens, least: number, isSpared: (tie: number) => boolean): SortedTokens {
  const { ids, counts } = sorted;
  let to = 0;
  let ties = 0;
  for (let i = 0; i < sorted.count; i++) {
    const total = totalOf(counts[i]!);
    if (total < least || (total === least && !isSpared(ties++))) continue;
    ids[to] = ids[i]!;
    counts[to++] = counts[i]!;
  }
  return { ids, counts, count: to };
}

function totalOf(counts: number): number {
  return (counts & COUNT_MAX) + (counts >>> HAM_SHIFT);
}
