import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeUTF8 } from '../src/model/utf8.ts';

const reference = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function expected(bytes: Uint8Array): string | undefined {
  try {
    return reference.decode(bytes);
  } catch {
    return undefined;
  }
}

test('decodes every character, next to any other length of code', () => {
  const isSurrogate = (point: number) => point >= 0xd800 && point <= 0xdfff;
  for (let first = 0; first <= 0x10ffff; first += 1024) {
    let text = '';
    for (let point = first; point < first + 1024; point += 1) {
      if (!isSurrogate(point)) text += `${String.fromCodePoint(point)}aé世🦊`.slice(0, 2 + (point % 6));
    }
    const bytes = Buffer.from(text);
    assert.equal(decodeUTF8(bytes), expected(bytes));
  }
});

test('decodes texts of any length, and keeps a byte order mark', () => {
  for (const piece of ['a', 'é', '世', '🦊', 'aé世🦊']) {
    for (const count of [0, 1, 1000, 4096, 8192, 16_384, 20_000]) {
      const text = `\ufeff${piece.repeat(count)}`;
      assert.equal(decodeUTF8(Buffer.from(text)), text);
    }
  }
});

test('leaves a text alone when the next one is decoded', () => {
  const first = decodeUTF8(Buffer.from('première'));
  assert.equal(decodeUTF8(Buffer.from('дальше')), 'дальше');
  assert.equal(first, 'première');
});

test('reads any bytes as TextDecoder does, or refuses them as it does', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      // A plain view, not at the beginning of its memory.
      const bytes = Uint8Array.from(Buffer.concat([Buffer.from('x'), ...pieces])).subarray(1);
      assert.equal(decodeUTF8(bytes), expected(bytes));
    }),
    { numRuns: 5000 },
  );
});
