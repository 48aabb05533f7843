import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RequestError } from '../src/errors.ts';
import {
  bareJID,
  canonicalJID,
  domainOf,
  JID_PART_BYTES_MAX,
  localOf,
  resourceOf,
} from '../src/model/jid.ts';

const isBadJID = (error: unknown): boolean =>
  error instanceof RequestError && error.code === 'bad-jid' && error.status === 'EX_DATAERR' && !error.closes;

const SAME: readonly (readonly [name: string, text: string, canonical: string])[] = [
  ['a canonical full JID as it is', 'juliet@capulet.example/balcony', 'juliet@capulet.example/balcony'],
  ['a canonical domain as it is', 'capulet.example', 'capulet.example'],
  [
    'capitals of local part and domain, not of the resource',
    'Juliet@Capulet.EXAMPLE/Balcony',
    'juliet@capulet.example/Balcony',
  ],
  ['a trailing dot', 'juliet@capulet.example.', 'juliet@capulet.example'],
  ['a slash and an at sign in the resource', 'room@muc.example/a@b/c', 'room@muc.example/a@b/c'],
  ['a domain with a resource', 'capulet.example/echo', 'capulet.example/echo'],
  ['an underscore in a domain', '_im.capulet.example', '_im.capulet.example'],
  ['a U-label', 'a@Bücher.example', 'a@xn--bcher-kva.example'],
  ['an A-label', 'a@XN--BCHER-KVA.example', 'a@xn--bcher-kva.example'],
  ['an A-label that decodes to nothing', 'a@xn--0.example', 'a@xn--0.example'],
  ['ideographic full stops', 'a@例え。example。', 'a@xn--r8jz45g.example'],
  ['full-width letters', 'ＡＢ@ｅｘａｍｐｌｅ.org', 'ab@example.org'],
  ['an IPv4 address', 'a@192.0.2.1', 'a@192.0.2.1'],
  ['an IPv6 address', 'a@[2001:DB8:0:0::1]', 'a@[2001:db8::1]'],
  ['an IPv6 address with an IPv4 tail', 'a@[::ffff:192.0.2.1]', 'a@[::ffff:c000:201]'],
  ['a composed and a decomposed letter', 'e\u0301@a.example', 'é@a.example'],
  ['the long s', 'ſ@a.example', 's@a.example'],
  ['sharp s', 'Straße@a.example', 'strasse@a.example'],
  ['capital sharp s', 'STRAẞE@a.example', 'strasse@a.example'],
  ['a final sigma', 'ΣΊΣΥΦΟΣ@a.example', 'σίσυφοσ@a.example'],
  ['a sigma written as final', 'σίσυφος@a.example', 'σίσυφοσ@a.example'],
  ['a dotless i, which is another letter', 'ı@a.example', 'ı@a.example'],
  ['an iota subscript', 'ᾳ@a.example', 'αι@a.example'],
  ['a soft hyphen and zero width signs', 'ju\u00adli\u200bet\ufeff@a.example', 'juliet@a.example'],
  ['an emoji', '🦊@a.example', '🦊@a.example'],
  ['a no-break space in a resource', 'a@b.example/x\u00a0y', 'a@b.example/x y'],
  ['a ligature in a resource', 'a@b.example/ﬁ', 'a@b.example/fi'],
];

for (const [name, text, canonical] of SAME) {
  test(`brings ${name} into its canonical form`, () => {
    assert.equal(canonicalJID(text), canonical);
    assert.equal(canonicalJID(canonical), canonical);
  });
}

// docs/decisions/0010-jid-form.md
const UNLIKE_NODEPREP: readonly (readonly [name: string, text: string, canonical: string])[] = [
  ['a letter newer than Unicode 3.2', 'ᴬ@a.example', 'a@a.example'],
  ['a combining iota subscript alone', 'x\u0345@a.example', 'x\u0345@a.example'],
  ['a compatibility ideograph by the corrected mapping', '\u{2f868}@a.example', '㛼@a.example'],
  ['letters of both directions', 'aא1@a.example', 'aא1@a.example'],
  ['an ogham space in a resource', 'a@b.example/x\u1680y', 'a@b.example/x\u1680y'],
  ['sharp s in a domain, a letter of its own', 'a@straße.example', 'a@xn--strae-oqa.example'],
];

for (const [name, text, canonical] of UNLIKE_NODEPREP) {
  test(`unlike Nodeprep takes ${name}`, () => {
    assert.equal(canonicalJID(text), canonical);
    assert.equal(canonicalJID(canonical), canonical);
  });
}

test('unlike Nodeprep refuses format characters newer than Unicode 3.2, and odd characters in an ASCII domain', () => {
  for (const text of ['a\u0600@b.example', 'a\u061c@b.example', 'a\u2066@b.example', 'a@b!c.example']) {
    assert.throws(() => canonicalJID(text), isBadJID);
  }
});

const REFUSED: readonly (readonly [name: string, text: string])[] = [
  ['nothing', ''],
  ['an empty local part', '@a.example'],
  ['a local part that is deleted whole', '\u00ad@a.example'],
  ['an empty domain', 'a@'],
  ['an empty resource', 'a@b.example/'],
  ['a resource alone', '/x'],
  ['two at signs', 'a@b@c.example'],
  ['an empty label', 'a@b..example'],
  ['a dot alone', 'a@.'],
  ['percent signs, which are no letters', 'a@exa%6dple.org'],
  ['full-width percent signs', 'a@exa％6dple.org'],
  ['a space in the local part', 'a b@c.example'],
  ['an ideographic space in the local part', 'a\u3000b@c.example'],
  ['a slash made by normalisation', '℀@c.example'],
  ['an at sign made by normalisation', 'a＠evil.example@c.example'],
  ['a quotation mark', 'a"b@c.example'],
  ['a less-than sign', 'a<b@c.example'],
  ['a space in the domain', 'a@b c.example'],
  ['a colon in the domain', 'a@b.example:5222'],
  ['a line feed', 'a@b.example\n'],
  ['a NUL in the resource', 'a@b.example/\0'],
  ['a right-to-left override in the resource', 'a@b.example/\u202e'],
  ['a lone surrogate', '\ud800@b.example'],
  ['a noncharacter', '\ufffe@b.example'],
  ['a private-use character', '\ue000@b.example'],
  ['a bare IPv6 address', 'a@2001:db8::1'],
  ['an IPv6 address with a zone', 'a@[fe80::1%eth0]'],
  ['brackets around no address', 'a@[b.example]'],
  ['a domain of a combining mark', 'a@\u0301.example'],
];

for (const [name, text] of REFUSED) {
  test(`refuses a JID with ${name}`, () => {
    assert.throws(() => canonicalJID(text), isBadJID);
  });
}

test('bounds each part in bytes', () => {
  const long = 'a'.repeat(JID_PART_BYTES_MAX);
  for (const jid of [`${long}@b.example`, `a@${long}`, `a@b.example/${long}`, `${long}@${long}/${long}`]) {
    assert.equal(canonicalJID(jid), jid);
  }
  for (const jid of [`${long}a@b.example`, `a@${long}a`, `a@b.example/${long}a`]) {
    assert.throws(() => canonicalJID(jid), isBadJID);
  }
  assert.throws(() => canonicalJID(`${'é'.repeat(512)}@b.example`), isBadJID);
  assert.throws(() => canonicalJID('a'.repeat(1_000_000)), isBadJID);
});

test('refuses a domain beyond ASCII that the DNS cannot hold, before Punycode sees it', () => {
  const label = 'ü'.repeat(64);
  assert.throws(() => canonicalJID(`a@${label}.example`), isBadJID);
  assert.throws(() => canonicalJID(`a@${'ü.'.repeat(127)}`), isBadJID);
});

test('takes a JID apart', () => {
  const cases = [
    ['juliet@capulet.example/a@b/c', 'juliet', 'capulet.example', 'a@b/c', 'juliet@capulet.example'],
    ['juliet@capulet.example', 'juliet', 'capulet.example', '', 'juliet@capulet.example'],
    ['capulet.example/a@b', '', 'capulet.example', 'a@b', 'capulet.example'],
    ['capulet.example', '', 'capulet.example', '', 'capulet.example'],
  ] as const;
  for (const [text, local, domain, resource, bare] of cases) {
    const jid = canonicalJID(text);
    assert.deepEqual(
      [localOf(jid), domainOf(jid), resourceOf(jid), bareJID(jid)],
      [local, domain, resource, bare],
    );
  }
});

test('gives the same form when asked twice, for any text', () => {
  const part = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
  const letters = fc.string({
    unit: fc.constantFrom(...'aßΣςİıſᾳ\u0345\u00ad\u0301ﬁ。.-xn🦊'),
    minLength: 1,
    maxLength: 8,
  });
  const jid = fc
    .tuple(fc.oneof(part, letters), fc.oneof(letters, part), fc.oneof(part, letters))
    .map(([local, domain, resource]) => `${local}@${domain}.example/${resource}`);
  let accepted = 0;
  fc.assert(
    fc.property(jid, (text) => {
      let once: ReturnType<typeof canonicalJID>;
      try {
        once = canonicalJID(text);
      } catch (error) {
        assert.ok(isBadJID(error), String(error));
        return;
      }
      accepted += 1;
      assert.equal(canonicalJID(once), once);
      assert.equal(canonicalJID(text), once);
    }),
    { numRuns: 3000 },
  );
  assert.ok(accepted > 100, `only ${accepted} of the texts were JIDs`);
});

test('is idempotent for every letter there is', () => {
  // Beyond U+1FFFF only the compatibility ideographs are changed by any mapping.
  for (let code = 0x80; code <= 0x2fa1f; code = code === 0x1ffff ? 0x2f800 : code + 1) {
    if (code >= 0xd800 && code < 0xf900) {
      continue;
    }
    const character = String.fromCodePoint(code);
    for (const text of [`a${character}b@c.example`, `c.example/a${character}b`]) {
      let once: string;
      try {
        once = canonicalJID(text);
      } catch (error) {
        assert.ok(isBadJID(error), String(error));
        continue;
      }
      assert.equal(canonicalJID(once), once, `U+${code.toString(16)}`);
    }
  }
});
