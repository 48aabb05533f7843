import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deriveDaemonKeys } from '../src/store/crypto.ts';
import { idOfWords, idWord } from '../src/store/id-words.ts';
import { DerivedIds } from '../src/store/keyed-ids.ts';
import { SipHash } from '../src/store/siphash.ts';
import { SECRET } from './store-fixture.ts';

/** From `vectors_sip128` of the reference implementation, and for 300 bytes from `openssl mac -macopt size:16 SIPHASH`. */
const VECTORS: readonly (readonly [bytes: number, digest: string])[] = [
  [0, 'a3817f04ba25a8e66df67214c7550293'],
  [1, 'da87c1d86b99af44347659119b22fc45'],
  [7, 'a1f1ebbed8dbc153c0b84aa61ff08239'],
  [8, '3b62a9ba6258f5610f83e264f31497b4'],
  [9, '264499060ad9baabc47f8b02bb6d71ed'],
  [15, '5493e99933b0a8117e08ec0f97cfc3d9'],
  [63, '5150d1772f50834a503e069a973fbd7c'],
  [64, '1eaf077dc0d4cd3f8cad4d383658a74b'],
  [300, 'ce005a406d14b36d5386b5f7a7e1b311'],
];

/** Bytes 0, 1, 2 … */
function counting(bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, index) => index));
}

describe('SipHash-2-4 with 128 bits', () => {
  const hash = new SipHash(counting(16));
  for (const [bytes, digest] of VECTORS)
    it(`agrees with the reference on ${bytes} bytes, whatever lies behind them`, () => {
      const words = new Uint32Array(2 * (Math.floor(bytes / 8) + 1)).fill(0xffffffff);
      Buffer.from(words.buffer).set(counting(bytes));
      hash.hash(words, bytes);
      assert.equal(Buffer.from(hash.digest.buffer).toString('hex'), digest);
    });
});

describe('a keyed id', () => {
  const keys = deriveDaemonKeys(SECRET);
  const ids = new DerivedIds(keys);
  const hash = new SipHash(keys.id);

  for (const value of ['', 'a', 'ü', '日本語', 'x'.repeat(4090), 'x'.repeat(4094), 'ü日'.repeat(50_000)])
    it(`is the hash of kind and UTF-8: ${value.slice(0, 3)} × ${value.length}`, () => {
      ids.text('what came before, and was longer than most'.repeat(50));
      const message = Buffer.concat([Buffer.of(2, 0, 0, 0), Buffer.from(value)]);
      const words = new Uint32Array(2 * (Math.floor(message.length / 8) + 1));
      Buffer.from(words.buffer).set(message);
      hash.hash(words, message.length);
      assert.equal(ids.id('jid', value), Buffer.from(hash.digest.buffer).toString('hex'));
    });
});

describe('words of a keyed id', () => {
  it('are those of its hex digits', () => {
    const id = '0123456789abcdeffedcba9800000000';
    const words = [0, 1, 2, 3].map((index) => idWord(id, index));
    assert.deepEqual(words, [0x01234567, 0x89abcdef, 0xfedcba98, 0]);
    assert.equal(idOfWords(Uint32Array.from(words)), id);
  });
});
