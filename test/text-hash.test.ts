import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hashSpan } from '../src/text/hash.ts';

/** Digests of the reference implementation (mmh3 5, x86, 128 bits) of the text in UTF-16LE under the seed. */
const VECTORS: readonly (readonly [text: string, seed: number, digest: string])[] = [
  ['', 1, 'ecadc488b901d254b901d254b901d254'],
  ['a', 1, '5c689c7db7ab94b9b7ab94b9b7ab94b9'],
  ['free', 1, '7d06ab04842449a9aac2b8c6aac2b8c6'],
  ['winner!', 1, 'b8834ae11a8df3e86eec4a03c56696af'],
  ['12345678', 1, 'a582e269ddc702c031a3359173894c91'],
  ['free msg', 2, 'b9efb8cd0316fc91c873f48595179c43'],
  ['日本', 3, '4bd8a3e0711f8106711f8106711f8106'],
  ['the quick brown fox jumps over', 1, '609c7730348a655a5179e0a1ce2739c0'],
];

describe('hashSpan', () => {
  for (const [text, seed, digest] of VECTORS) {
    it(`agrees with the reference on '${text}' under ${seed}, wherever it stands in the row`, () => {
      const units = Uint16Array.from(`x${text}y`, (letter) => letter.charCodeAt(0));
      const out = new Int32Array(6);
      hashSpan(units, { kind: seed, start: 1, end: units.length - 1 }, out, 2);
      assert.equal(Buffer.from(out.buffer).subarray(8).toString('hex'), digest);
      assert.deepEqual([out[0], out[1]], [0, 0]);
    });
  }
});
