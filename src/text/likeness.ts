import { BINS, FINGERPRINT_WORDS, type Fingerprint, isEmpty, unitsOf, WHOLE_UNITS } from './fingerprint.ts';
import { scatter } from './hash.ts';

/** From so many units on, two texts are copies where this share of their bins is equal; of shorter ones more have to be. */
export const LONG_UNITS = 32;
const LONG_SHARE = 0.45;

/** A band. Copies nearly always have one in common, other texts seldom: by bands copies are looked for. */
const BINS_PER_BAND = 3;
export const BANDS = BINS / BINS_PER_BAND;
/** More than any byte: an empty bin stands for the next one that is not, and for how far away that is. */
const STEP = 0x100;
const FACTOR = 0x9e3779b1;
const ODD = 0x85ebca6b;

const bins = new Uint32Array(BINS);

/**
 * Whether two texts are copies of each other with small edits. The share of equal bins estimates what share of all their
 * grams the texts have in common (Jaccard).
 * @param among many fingerprints, one after the other
 */
export function isCopy(print: Fingerprint, among: Uint32Array, at: number): boolean {
  if (isEmpty(print) || (((print[0] as number) ^ (among[at] as number)) & 0xff) !== 0) return false;
  let equal = 0;
  for (let word = 1; word < FINGERPRINT_WORDS; word += 1) {
    equal += zeroBytes((print[word] as number) ^ (among[at + word] as number));
    // Most texts are far from that.
    if (equal + BINS - 4 * word < LONG_SHARE * BINS) return false;
  }
  let empty = 0;
  for (let word = 1; word < FINGERPRINT_WORDS; word += 1)
    empty += zeroBytes((print[word] as number) | (among[at + word] as number));
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

/** Numbers of all bands of a fingerprint that is not empty, into the first `BANDS` places of `into`. */
export function bandsOf(print: Fingerprint, into: Uint32Array): void {
  readBins(print);
  for (let band = 0; band < BANDS; band += 1) {
    const first = band * BINS_PER_BAND;
    const pair = Math.imul(bins[first] as number, FACTOR) + (bins[first + 1] as number);
    into[band] = scatter(Math.imul(pair, FACTOR) + (bins[first + 2] as number) + Math.imul(band, ODD));
  }
}

/** From the last bin to the first; what comes behind the last is the first again. "Rotation" of Shrivastava & Li 2014. */
function readBins(print: Fingerprint): void {
  for (let word = 1, bin = 0; word < FINGERPRINT_WORDS; word += 1, bin += 4) {
    const bytes = print[word] as number;
    bins[bin] = bytes & 0xff;
    bins[bin + 1] = (bytes >>> 8) & 0xff;
    bins[bin + 2] = (bytes >>> 16) & 0xff;
    bins[bin + 3] = bytes >>> 24;
  }
  let first = 0;
  while (bins[first] === 0) first += 1;
  let held = (bins[first] as number) + first * STEP;
  for (let bin = BINS - 1; bin >= 0; bin -= 1) {
    held = bins[bin] === 0 ? held + STEP : (bins[bin] as number);
    bins[bin] = held;
  }
}
