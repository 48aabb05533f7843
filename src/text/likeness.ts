import { BINS, FINGERPRINT_WORDS, type Fingerprint, isEmpty, unitsOf, WHOLE_UNITS } from './fingerprint.ts';
import { scatter } from './hash.ts';

/** From so many units on, two texts are copies where this share of their bins is equal; of shorter ones more have to be. */
const LONG_UNITS = 32;
const LONG_SHARE = 0.4;

/** Copies nearly always have one of their bands in common, other texts seldom: by bands copies are looked for. */
export const BANDS = 20;
const BINS_PER_BAND = BINS / BANDS;
/** More than any byte: an empty bin stands for the next one that is not, and for how far away that is. */
const STEP = 0x100;
const FACTOR = 0x9e3779b1;

const bins = new Uint32Array(BINS);

/**
 * Whether two texts are copies of each other with small edits. The share of equal bins estimates what share of all their
 * grams the texts have in common (Jaccard).
 * @param among many fingerprints, one after the other
 */
export function isCopy(print: Fingerprint, among: Uint32Array, at: number): boolean {
  if (isEmpty(print) || (((print[0] as number) ^ (among[at] as number)) & 0xff) !== 0) return false;
  let equal = 0;
  let empty = 0;
  for (let word = 1; word < FINGERPRINT_WORDS; word += 1) {
    const one = print[word] as number;
    const other = among[at + word] as number;
    equal += zeroBytes(one ^ other);
    empty += zeroBytes(one | other);
  }
  return equal - empty >= shareNeeded(Math.min(unitsOf(print), unitsOf(among, at))) * (BINS - empty);
}

function shareNeeded(units: number): number {
  const way = (units - WHOLE_UNITS) / (LONG_UNITS - WHOLE_UNITS);
  return 1 - (1 - LONG_SHARE) * Math.max(0, Math.min(1, way));
}

function zeroBytes(word: number): number {
  const used = (((word & 0x7f7f7f7f) + 0x7f7f7f7f) | word) & 0x80808080;
  return 4 - (Math.imul(used >>> 7, 0x01010101) >>> 24);
}

/** Numbers of all bands of a fingerprint, into the first `BANDS` places of `into`. */
export function bandsOf(print: Fingerprint, into: Uint32Array): void {
  readBins(print);
  for (let band = 0; band < BANDS; band += 1) {
    let number = band;
    for (let bin = band * BINS_PER_BAND; bin < (band + 1) * BINS_PER_BAND; bin += 1)
      number = Math.imul(number, FACTOR) + (bins[bin] as number);
    into[band] = scatter(number);
  }
}

/** Twice around, so that the last bins know what the first ones hold: "rotation" of Shrivastava & Li 2014. */
function readBins(print: Fingerprint): void {
  let held = 0;
  for (let step = 2 * BINS - 1; step >= 0; step -= 1) {
    const bin = step % BINS;
    const byte = ((print[1 + (bin >>> 2)] as number) >>> (8 * (bin & 3))) & 0xff;
    held = byte === 0 ? held + STEP : byte;
    bins[bin] = held;
  }
}
