import { SCRIPT_BITS } from '../text/scripts.ts';

/**
 * A slot says where a feature lies in the table of `linear.server`, and the script of its letters: a bucket of 20 bits above
 * four of script. Several features may share a bucket (feature hashing: Weinberger et al., 2009).
 */
export const BUCKET_BITS = 20;
export const BUCKETS = 1 << BUCKET_BITS;
const SCRIPT_MASK = (1 << SCRIPT_BITS) - 1;
/** Bytes of one that is written. */
export const SLOT_BYTES = 3;

export function slotOf(hash: number, script: number): number {
  return ((hash >>> (32 - BUCKET_BITS)) << SCRIPT_BITS) | script;
}

export function bucketOf(slot: number): number {
  return slot >>> SCRIPT_BITS;
}

export function scriptOf(slot: number): number {
  return slot & SCRIPT_MASK;
}

/** Slots as they are written, 3 bytes each. */
export function packSlots(slots: Uint32Array, into: Uint8Array, offset: number): void {
  let at = offset;
  for (let index = 0; index < slots.length; index += 1) {
    const slot = slots[index] as number;
    into[at] = slot;
    into[at + 1] = slot >>> 8;
    into[at + 2] = slot >>> 16;
    at += SLOT_BYTES;
  }
}

export function unpackSlots(bytes: Uint8Array): Uint32Array {
  const slots = new Uint32Array(Math.floor(bytes.length / SLOT_BYTES));
  for (let index = 0, at = 0; index < slots.length; index += 1, at += SLOT_BYTES) {
    slots[index] =
      (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  }
  return slots;
}
