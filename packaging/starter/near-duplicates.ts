/** Signature of a text: so many minima, in bands of `BAND_ROWS` (Broder 1997; bands: Leskovec et al., "Mining of Massive Datasets", 3.4). */
const MINIMA = 64;
const BAND_ROWS = 4;
const GRAM_CHARS = 5;
/** Texts of one band are near-duplicates where so many of their minima are the same: half of their 5-grams. */
const SAME_MINIMA_MIN = 32;
/** Odd multipliers and summands of the hash functions, by a linear congruential generator of fixed seed. */
const [FACTORS, SUMMANDS] = hashFunctions();

/** For each text the index of the first one of its cluster. Deterministic. */
export function clustersOf(texts: readonly string[]): Int32Array {
  const signatures = new Uint32Array(texts.length * MINIMA);
  for (const [index, text] of texts.entries()) sign(text, signatures.subarray(index * MINIMA));
  const parents = Int32Array.from(texts, (_, index) => index);
  for (let band = 0; band < MINIMA / BAND_ROWS; band += 1) joinBand(band, signatures, parents);
  return parents.map((_, index) => rootOf(parents, index));
}

function joinBand(band: number, signatures: Uint32Array, parents: Int32Array): void {
  const firsts = new Map<string, number>();
  for (let index = 0; index < parents.length; index += 1) {
    const start = index * MINIMA + band * BAND_ROWS;
    const key = signatures.subarray(start, start + BAND_ROWS).join(' ');
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, index);
    else if (sameMinima(signatures, first, index) >= SAME_MINIMA_MIN) join(parents, first, index);
  }
}

function sameMinima(signatures: Uint32Array, one: number, other: number): number {
  let same = 0;
  for (let at = 0; at < MINIMA; at += 1)
    if (signatures[one * MINIMA + at] === signatures[other * MINIMA + at]) same += 1;
  return same;
}

/** The earlier root becomes the root of both. */
function join(parents: Int32Array, one: number, other: number): void {
  const roots = [rootOf(parents, one), rootOf(parents, other)] as const;
  parents[Math.max(...roots)] = Math.min(...roots);
}

function rootOf(parents: Int32Array, index: number): number {
  let root = index;
  while (parents[root] !== root) root = parents[root] as number;
  // Shortens the way for the next one.
  for (let at = index; at !== root; ) {
    const next = parents[at] as number;
    parents[at] = root;
    at = next;
  }
  return root;
}

/** Links and digits are what differs between copies. */
function comparable(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/https?:\/\/\S+/g, '\u0001')
    .replace(/\s+/g, ' ')
    .replace(/\d/g, '0')
    .trim();
}

function sign(text: string, into: Uint32Array): void {
  const plain = comparable(text);
  into.fill(0xffffffff, 0, MINIMA);
  for (let start = 0; start === 0 || start + GRAM_CHARS <= plain.length; start += 1) {
    let hash = 0x811c9dc5;
    for (let at = start; at < start + GRAM_CHARS && at < plain.length; at += 1)
      hash = Math.imul(hash ^ plain.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    hash ^= hash >>> 13;
    for (let at = 0; at < MINIMA; at += 1) {
      const mixed = Math.imul(hash, FACTORS[at] as number) + (SUMMANDS[at] as number);
      const value = (mixed ^ (mixed >>> 16)) >>> 0;
      if (value < (into[at] as number)) into[at] = value;
    }
  }
}

function hashFunctions(): readonly [Uint32Array, Uint32Array] {
  let state = 12_345;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  const factors = new Uint32Array(MINIMA);
  const summands = new Uint32Array(MINIMA);
  for (let at = 0; at < MINIMA; at += 1) {
    factors[at] = next() | 1;
    summands[at] = next();
  }
  return [factors, summands];
}
