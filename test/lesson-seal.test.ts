import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { describe, it } from 'node:test';
import { LessonSeal } from '../src/store/lmdb/lesson-seal.ts';

const KEY = Buffer.alloc(16, 1);
const SLOTS = Uint32Array.from({ length: 5000 }, (_, index) => index * 77);
/** Two tokens, of the scripts 3 and 5. */
const SIDS = Buffer.alloc(32);
SIDS[8] = 3;
SIDS[24] = 5;

describe('what a lesson says to linear.server', () => {
  /** The second one carries over from byte to byte, the third one as well, and past the end of the number. */
  for (const [id, at] of [
    ['0123456789abcdef'.repeat(2), Date.UTC(2026, 0, 1)],
    ['f'.repeat(32), Number.NaN],
    ['0'.repeat(32), -(2 ** -1000)],
  ] as const)
    it(`is sealed as AES-128 in counter mode does it, from ${id.slice(0, 4)}… and ${at}`, () => {
      const seal = new LessonSeal(KEY);
      const lesson = { id, at, sids: SIDS, slots: SLOTS };
      const sealed = seal.seal(lesson as unknown as Parameters<LessonSeal['seal']>[0]);
      const counter = Buffer.alloc(16);
      counter.write(id, 0, 8, 'hex');
      counter.writeDoubleLE(at, 8);
      const plain = createCipheriv('aes-128-ctr', KEY, counter).update(sealed);
      assert.equal(plain.length, 1 + 3 * SLOTS.length);
      assert.equal(plain[0], 3 | (5 << 4));
      for (const [index, slot] of SLOTS.entries()) assert.equal(plain.readUIntLE(1 + 3 * index, 3), slot);
      const opened = seal.open({ id, at, sids: Buffer.alloc(16), linear: sealed });
      assert.deepEqual([[...opened.scripts], opened.slots], [[3, 5], SLOTS]);
    });

  it('is nothing where there is nothing to say', () => {
    const seal = new LessonSeal(KEY);
    const none = Buffer.alloc(0);
    const { scripts, slots } = seal.open({ id: '0'.repeat(32), at: 0, sids: none, linear: none });
    assert.deepEqual([scripts.length, slots.length], [0, 0]);
  });
});
