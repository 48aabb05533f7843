import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { describe, it } from 'node:test';
import { BlockCipher } from '../src/store/crypto.ts';
import { MaskedCipher } from '../src/store/lmdb/masked-cipher.ts';

const KEY = Buffer.alloc(16, 1);
const MASK = Buffer.from(Array.from({ length: 16 }, (_, i) => 17 * i));

/** AES of an id's first 8 bytes, the mask added before and after; of the result the first 8 bytes. */
function expected(sid: Buffer): string {
  const add = (block: Buffer) => Buffer.from(block.map((byte, i) => byte ^ MASK[i]!));
  const block = Buffer.alloc(16);
  sid.copy(block, 0, 0, 8);
  const aes = createCipheriv('aes-128-ecb', KEY, null).setAutoPadding(false);
  return add(aes.update(add(block))).toString('hex', 0, 8);
}

describe("a user's token ids", () => {
  const cipher = new MaskedCipher(new BlockCipher(KEY), MASK);
  const sids = Buffer.from(Array.from({ length: 128 * 16 }, (_, i) => (i * 31) % 251));

  it('are AES between two masks', () => {
    const uids = cipher.tokens(sids);
    for (let at = 0; at < sids.length; at += 16)
      assert.equal(uids.toString('hex', at, at + 8), expected(sids.subarray(at, at + 16)));
  });

  it('do not depend on the half of an id that no trace keeps', () => {
    const cut = Buffer.from(sids.map((byte, i) => (i % 16 < 8 ? byte : 0)));
    const first = (ids: Buffer) => Buffer.from(ids.filter((_, i) => i % 16 < 8));
    assert.deepEqual(first(cipher.tokens(cut)), first(cipher.tokens(sids)));
  });

  it('keep the scripts of the letters', () => {
    const scripts = (ids: Buffer) => ids.filter((_, i) => i % 16 === 8);
    assert.deepEqual(scripts(cipher.tokens(sids)), scripts(sids));
  });

  it('are none for none, and refused for more than 128', () => {
    assert.equal(cipher.tokens(Buffer.alloc(0)).length, 0);
    assert.throws(() => cipher.tokens(Buffer.alloc(129 * 16)), RangeError);
  });
});
