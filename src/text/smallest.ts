const DIGIT_BITS = 8;
const DIGITS = 1 << DIGIT_BITS;
const counts = new Uint16Array(DIGITS);

/**
 * The number at `place` (from 0) in the order of size of the first `count` numbers, which are overwritten. Counts them by
 * their highest byte, then those alike by the next one: a bounded number of steps whatever the numbers are, and a quarter
 * of what sorting takes.
 */
export function nthSmallest(numbers: Uint32Array, count: number, place: number): number {
  let alike = count;
  let rest = place;
  for (let shift = 32 - DIGIT_BITS; shift >= 0 && alike > 1; shift -= DIGIT_BITS) {
    counts.fill(0);
    for (let index = 0; index < alike; index += 1) {
      const digit = digitAt(numbers, index, shift);
      counts[digit] = (counts[digit] as number) + 1;
    }
    let digit = 0;
    for (; rest >= (counts[digit] as number); digit += 1) rest -= counts[digit] as number;
    let kept = 0;
    for (let index = 0; index < alike; index += 1) {
      if (digitAt(numbers, index, shift) !== digit) continue;
      numbers[kept] = numbers[index] as number;
      kept += 1;
    }
    alike = kept;
  }
  return numbers[0] as number;
}

function digitAt(numbers: Uint32Array, index: number, shift: number): number {
  return ((numbers[index] as number) >>> shift) & (DIGITS - 1);
}
