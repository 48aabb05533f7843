import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sampleOfStanza } from '../src/model/stanza.ts';
import { mailHeadEnd } from '../src/spamd/mail-head.ts';
import { stanzaOf } from '../src/spamd/message.ts';
import { headersOf, rewrite } from '../src/spamd/rewrite.ts';
import { decodeWords } from '../src/text/mime.ts';

/** What is judged of a body, as `source: text`; undefined for a stanza. */
function judged(body: string | Buffer): string[] | undefined {
  const stanza = stanzaOf(Buffer.from(body));
  if (stanza === undefined) return undefined;
  const sample = sampleOfStanza(stanza, { stream: {} });
  assert.equal(sample.kind, 'message');
  assert.equal(sample.sender, undefined);
  return sample.texts.map(({ source, text }) => `${source}: ${text}`);
}

const BASE64_PART = Buffer.from('grüß dich').toString('base64');
const MULTIPART = [
  'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_an?= =?UTF-8?B?IGFsbGU=?=',
  'Content-Type: multipart/alternative; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: base64',
  '',
  BASE64_PART,
  '--b',
  'Content-Type: text/html',
  '',
  '<p>html</p>',
  '--b--',
].join('\r\n');

const BODIES: readonly (readonly [
  name: string,
  body: string | Buffer,
  judged: readonly string[] | undefined,
])[] = [
  ['a message stanza', '<message><body>x</body></message>', undefined],
  ['a presence behind white space', " \r\n<presence type='subscribe'/>", undefined],
  ['an XML declaration, which is refused as such', '<?xml version="1.0"?><message/>', undefined],
  ['a heart', '<3 you all', ['body: <3 you all']],
  ['another element', '<messages>', ['body: <messages>']],
  ['nothing', '', []],
  ['a text with a colon', 'Note: this\n\nis text', ['body: Note: this\n\nis text']],
  ['a text behind an empty line', '\nFrom: me\n\nis text', ['body: From: me\n\nis text']],
  ['a head without an end', 'Subject: is text', ['body: Subject: is text']],
  ['a head with a line that is none', 'Subject: a\nno header\n\nb', ['body: Subject: a\nno header\n\nb']],
  ['mail with CRLF', 'From: a@b\r\nSubject: c\r\n d\r\n\r\ne\r\n', ['subject: c d', 'body: e']],
  ['mail with LF behind a separator', 'From a@b Sat Nov 21\nSubject: c\n\ne\n', ['subject: c', 'body: e']],
  ['mail with two subjects', 'Subject: a\nSubject: b\n\nc', ['subject: a\nb', 'body: c']],
  ['mail of HTML alone', 'Content-Type: text/html\n\n<b>x</b>', ['body: <b>x</b>']],
  ['mail in parts', MULTIPART, ['subject: Grüße an alle', 'body: grüß dich']],
  ['bytes that are no UTF-8', Buffer.from([0x61, 0xff]), ['body: a\ufffd']],
  [
    'a subject too long to decode',
    `Subject: ${'=?utf-8?Q?x?= '.repeat(400)}\n\ny`,
    [`subject: ${'=?utf-8?Q?x?= '.repeat(400).trim()}`, 'body: y'],
  ],
  [
    'mail of too many lines to take apart',
    `Subject: a\nContent-Type: multipart/mixed; boundary=b\n\n${'\n'.repeat(10_000)}--b\n\nx\n--b--`,
    ['subject: a', 'body: --b\n\nx\n--b--'],
  ],
  [
    'a head of too many lines',
    `Subject: a\n${'X: y\n'.repeat(256)}\nb`,
    [`body: Subject: a\n${'X: y\n'.repeat(256)}\nb`],
  ],
];

describe('the body of a request of the dialect', () => {
  for (const [name, body, texts] of BODIES) {
    it(`reads ${name} [PNP-10.3]`, () => assert.deepEqual(judged(body), texts));
  }

  it('finds a head in any text in bounded time, and never beyond its end', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', ':', '\n', '\r\n', 'Subject: x', ' ', 'From ')), (pieces) => {
        const text = pieces.join('');
        const end = mailHeadEnd(text);
        assert.ok(end === 0 || /\n\r?\n$/.test(text.slice(0, end)), text);
      }),
    );
  });

  it('decodes words, and leaves alone what is none', () => {
    assert.equal(decodeWords('=?iso-8859-1*de?q?=FC_=3F?='), 'ü ?');
    assert.equal(decodeWords('=?utf-8?B?!!?= and =?x?Q?broken'), ' and =?x?Q?broken');
    assert.equal(decodeWords(Buffer.from('grün').toString('latin1')), 'grün');
  });
});

const NONE = { isSpam: false, points: '-3.1', threshold: '5.0', symbols: [] };

describe('a rewritten message', () => {
  it('keeps the line ends and the separator of the mail, and no X-Spam header of others', () => {
    assert.equal(
      rewrite('From a@b Sat\nX-spam-flag: NO\n\tfolded\nSubject: s\n\nX-Spam-Foo: body\n', NONE),
      'From a@b Sat\nX-Spam-Checker-Version: Providence 0.1.0\nX-Spam-Level: \n' +
        'X-Spam-Status: No, score=-3.1 required=5.0 tests=none\n\tautolearn=no version=0.1.0\n' +
        'Subject: s\n\nX-Spam-Foo: body\n',
    );
  });

  it('folds a long list of symbols behind its commas', () => {
    const symbols = Array.from({ length: 40 }, (_, index) => `SYMBOL_NUMBER_${index}`);
    const lines = rewrite('Subject: s\n\n', { ...NONE, symbols }).split('\n');
    assert.ok(lines.every((line) => line.length <= 78));
    const status = lines.filter((line) => /^(X-Spam-Status|\t)/.test(line)).join('');
    assert.equal(/tests=(\S+?)(?:autolearn| )/.exec(status.replaceAll('\t', ''))?.[1], symbols.join(','));
  });

  it('has at most fifty stars', () => {
    assert.match(rewrite('Subject: s\n\n', { ...NONE, points: '1003.3' }), /^X-Spam-Level: \*{50}$/m);
  });

  it('is whole again when spamc puts the rest of the original behind HEADERS', () => {
    const piece = fc.constantFrom(
      '\n',
      '\r\n',
      '\r',
      'a',
      'Subject: x\n',
      'X-Spam-Flag: YES\r\n',
      'From: y\r\n',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const rewritten = rewrite(text, NONE);
        const original = /\r\n\r\n|\n\n/.exec(text);
        const rest = original === null ? '' : text.slice(original.index + original[0].length);
        assert.equal(headersOf(rewritten, text) + rest, rewritten);
      }),
      { numRuns: 5_000 },
    );
  });
});
