import assert from 'node:assert/strict';
import test from 'node:test';
import { FALLBACK_SENTENCES } from '../src/model/fallback-sentences.ts';
import type { Encryption } from '../src/model/sample.ts';
import { sampleOf } from '../src/model/stanza.ts';

const SENDER = 'romeo@montague.example';
const SPAM = 'Earn 900 a day from home, write to https://money.example/now';

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function sampleWith(bodies: readonly string[], marks = '') {
  const body = bodies.map((text, index) => `<body xml:lang='l${index}'>${escaped(text)}</body>`).join('');
  const xml = `<message xmlns='jabber:client' from='${SENDER}/orchard' to='juliet@capulet.example' type='chat'>${body}${marks}</message>`;
  return sampleOf(Buffer.from(xml), { stream: {} });
}

const textsWith = (body: string, marks = '') => sampleWith([body], marks).texts.map(({ text }) => text);

const MARKS: readonly (readonly [name: string, xml: string, encryption: Encryption])[] = [
  ['OMEMO 0.3', `<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/></encrypted>`, 'omemo'],
  ['OMEMO of urn:xmpp:omemo:0', `<encrypted xmlns='urn:xmpp:omemo:0'/>`, 'omemo'],
  ['OMEMO of urn:xmpp:omemo:1', `<encrypted xmlns='urn:xmpp:omemo:1'/>`, 'omemo'],
  ['OMEMO 0.8', `<encrypted xmlns='urn:xmpp:omemo:2'><payload>AAAA</payload></encrypted>`, 'omemo'],
  ['OX', `<openpgp xmlns='urn:xmpp:openpgp:0'>AAAA</openpgp>`, 'openpgp'],
  ['legacy PGP', `<x xmlns='jabber:x:encrypted'>AAAA</x>`, 'legacy-pgp'],
  ['stanza content encryption in clear', `<content xmlns='urn:xmpp:sce:1'/>`, 'other'],
  [
    'EME naming OMEMO',
    `<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:omemo:2' name='OMEMO'/>`,
    'omemo',
  ],
  ['EME naming OTR', `<encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:otr:0'/>`, 'otr'],
  [
    'EME naming legacy PGP',
    `<encryption xmlns='urn:xmpp:eme:0' namespace='jabber:x:encrypted'/>`,
    'legacy-pgp',
  ],
  [
    'EME naming what nobody knows',
    `<encryption xmlns='urn:xmpp:eme:0' namespace='urn:example:rot13'/>`,
    'other',
  ],
  ['a whole fallback', `<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:omemo:2'/>`, 'omemo'],
  [
    'a fallback body',
    `<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:omemo:2'><body/></fallback>`,
    'omemo',
  ],
  [
    'a fallback range',
    `<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:omemo:2'><body start='0' end='900'/></fallback>`,
    'omemo',
  ],
];

const OMEMO = MARKS[0]![1];
const BLANKS = ' \t  \t\t\t\t \t \t \t  ';
const OTR_V2 = '  \t\t  \t ';
const OTR_V3 = '  \t\t  \t\t';
const BASE64 = 'q7Zt1Xb0Lw3uYc9N'.repeat(8);

for (const [name, mark, encryption] of MARKS) {
  test(`judges a body in the clear under ${name} like one without`, () => {
    const sample = sampleWith([SPAM], mark);
    assert.deepEqual(sample.texts, sampleWith([SPAM]).texts);
    assert.equal(sample.encryption, encryption);
    assert.equal(sample.cloaked, true);
  });

  test(`finds no text in any known sentence under ${name}`, () => {
    for (const sentence of FALLBACK_SENTENCES) {
      const sample = sampleWith([sentence.replace('%', SENDER)], mark);
      assert.deepEqual(sample.texts, [], sentence);
      assert.equal(sample.encryption, encryption);
      assert.equal(sample.cloaked, false);
    }
  });

  test(`judges a known sentence with spam beside it under ${name}`, () => {
    for (const sentence of FALLBACK_SENTENCES) {
      for (const text of [`${sentence} ${SPAM}`, `${SPAM} ${sentence}`, `${sentence}\n${SPAM}`]) {
        assert.deepEqual(textsWith(text, mark), [text]);
      }
      const sample = sampleWith([sentence.replace('%', SENDER), SPAM], mark);
      assert.deepEqual(
        sample.texts.map(({ text }) => text),
        [SPAM],
      );
      assert.equal(sample.cloaked, true);
    }
  });
}

test('judges every known sentence that stands without a mark', () => {
  for (const sentence of FALLBACK_SENTENCES) {
    const sample = sampleWith([sentence]);
    assert.deepEqual([sample.texts.length, sample.encryption, sample.cloaked], [1, 'none', false], sentence);
  }
});

test('knows a sentence by another apostrophe, line breaks and a missing full stop', () => {
  const text = `I sent you an OMEMO encrypted message but\n your client doesn't seem to support that`;
  assert.deepEqual(textsWith(text, OMEMO), []);
});

test('judges a sentence that is hardly the known one', () => {
  for (const text of [
    '[This message is OMEMO encrypted] evil.example',
    'This message is OMEMO encrypted: evil.example',
  ]) {
    assert.deepEqual(textsWith(text, OMEMO), [text]);
  }
});

test('judges a sentence drawn out beyond any length that a client gives it', () => {
  assert.equal(textsWith(`[This message is${' '.repeat(600)}OMEMO encrypted]`, OMEMO).length, 1);
});

test('takes the more telling of two marks', () => {
  const eme = `<encryption xmlns='urn:xmpp:eme:0' namespace='urn:example:rot13'/>`;
  assert.equal(sampleWith([], eme + OMEMO).encryption, 'omemo');
  assert.equal(sampleWith([], OMEMO + eme).encryption, 'omemo');
});

test('does not take a fallback for something else for a mark of encryption', () => {
  const reply = `<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='6'/></fallback>`;
  const sample = sampleWith(['> Hi\n\nHello'], reply);
  assert.deepEqual([sample.encryption, sample.cloaked, sample.texts.length], ['none', false, 1]);
});

const BLOBS: readonly (readonly [name: string, body: string, encryption: Encryption])[] = [
  ['an OTR message', `?OTR:AAMD${BASE64}.`, 'otr'],
  ['an OTR message of version 2', `?OTR:AAIK${BASE64}==.`, 'otr'],
  ['the first OTR fragment', `?OTR|5a73a599|27e31597,00001,00003,?OTR:AAMD${BASE64},`, 'otr'],
  ['an OTR fragment of version 2', `?OTR,2,3,${BASE64}.,`, 'otr'],
  ['an OTR query', '?OTRv23?', 'otr'],
  ['an OTR query of version 1', '?OTR?', 'otr'],
  [
    'armoured PGP',
    `-----BEGIN PGP MESSAGE-----\n\n${BASE64.slice(0, 64)}\n${BASE64.slice(0, 20)}==\n=aB3d\n-----END PGP MESSAGE-----\n`,
    'legacy-pgp',
  ],
  [
    'armoured PGP of GnuPG',
    `-----BEGIN PGP MESSAGE-----\nVersion: GnuPG v1.4.11 (GNU/Linux)\n\n${BASE64.slice(0, 64)}\n${BASE64.slice(0, 20)}==\n=aB3d\n-----END PGP MESSAGE-----`,
    'legacy-pgp',
  ],
];

for (const [name, blob, encryption] of BLOBS) {
  test(`finds no text in ${name}`, () => {
    const sample = sampleWith([blob]);
    assert.deepEqual([sample.texts, sample.encryption, sample.cloaked], [[], encryption, false]);
  });

  test(`judges what stands beside ${name}`, () => {
    assert.ok(textsWith(`${blob}\n${SPAM}`)[0]?.endsWith(SPAM));
    assert.ok(textsWith(`${SPAM}\n${blob}`)[0]?.startsWith(SPAM));
    assert.ok(textsWith(`${blob} ${blob}`).length === 1);
    assert.deepEqual(
      sampleWith([blob, SPAM]).texts.map(({ text }) => text),
      [SPAM],
    );
  });
}

test('judges what only looks like a blob', () => {
  const lines = `-----BEGIN PGP MESSAGE-----\n\nBUY\nCHEAP\nPILLS\n-----END PGP MESSAGE-----`;
  const comment = `-----BEGIN PGP MESSAGE-----\nComment: ${SPAM}\n\n${BASE64.slice(0, 64)}\nAAAA\n-----END PGP MESSAGE-----`;
  for (const text of [
    lines,
    comment,
    '?OTR:AAMDbuy.',
    '?OTR:buypillsatevildotexample.',
    '?OTR Error: buy pills',
    `?OTR:${SPAM}.`,
    '?OTR,1,2,buy pills,',
  ]) {
    assert.deepEqual(textsWith(text), [text]);
  }
});

test('takes the tags of OTR off a text', () => {
  for (const text of [`?OTRv23? ${SPAM}`, `?OTR?v2?\n${SPAM}`, `?OTR? ${SPAM}`]) {
    const sample = sampleWith([text]);
    assert.deepEqual(
      [sample.texts, sample.encryption, sample.cloaked],
      [sampleWith([SPAM]).texts, 'otr', true],
    );
  }
  for (const text of [
    `${SPAM}${BLANKS}${OTR_V2}${OTR_V3}`,
    `${SPAM}${BLANKS}`,
    `${BLANKS}${OTR_V2}${SPAM}`,
  ]) {
    const sample = sampleWith([text]);
    assert.deepEqual(
      [sample.texts, sample.encryption, sample.cloaked],
      [sampleWith([SPAM]).texts, 'none', false],
    );
  }
});

const otrOffer = (name: string) =>
  `?OTRv23?\n${name} has requested an Off-the-Record private conversation <https://otr.cypherpunks.ca/>.  However, you do not have a plugin to support that.\nSee https://otr.cypherpunks.ca/ for more information.`;

test('knows the offer of OTR with the name of the sender, and no other name', () => {
  for (const name of [SENDER, `${SENDER}/`]) {
    assert.deepEqual(sampleWith([otrOffer(name)]).texts, [], name);
  }
  for (const name of ['buy at evil.example', 'tybalt@capulet.example', `${SENDER}/orchard`]) {
    assert.equal(sampleWith([otrOffer(name)]).texts.length, 1, name);
  }
  assert.deepEqual(
    textsWith(
      '?OTR?v2? This user has requested an Off-the-Record private conversation. However, you do not have a plugin to support that. See http://otr.cypherpunks.ca/ for more information.',
    ),
    [],
  );
});

test('takes time linear in the length of a body for every pattern', () => {
  const hostile = [
    `?OTR:AAMD${'A'.repeat(200_000)}`,
    `?OTR,1,1,${'A'.repeat(200_000)}`,
    `-----BEGIN PGP MESSAGE-----\n\n${`${'A'.repeat(64)}\n`.repeat(3000)}`,
    `-----BEGIN PGP MESSAGE-----\n\n${'A'.repeat(200_000)}`,
    BLANKS.repeat(12_000),
    '?OTR'.repeat(50_000),
  ];
  for (const body of hostile) {
    const start = performance.now();
    sampleWith([body], OMEMO);
    assert.ok(performance.now() - start < 1000, body.slice(0, 30));
  }
});
