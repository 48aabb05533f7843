import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clean } from '../src/text/clean.ts';
import { normalise, TEXT_UNITS_MAX } from '../src/text/normalise.ts';
import { spelledOut } from '../src/text/placeholders.ts';
import { Survey } from '../src/text/survey.ts';

function cleanOf(text: string) {
  const survey = new Survey();
  survey.read(text);
  return clean(text, survey);
}

const CLEANED: readonly (readonly [name: string, text: string, cleaned: string])[] = [
  ['a number in full-width digits', 'ring ０８００１２３４５６７', 'ring <phone>'],
  ['a number glued to a word', 'Call09061701461now', 'Call<phone>now'],
  ['a number in groups', '0800 123 4567, ask', '<phone>, ask'],
  ['an area code in brackets', '(030) 1234 5678', '<phone>'],
  ['a number cut by invisible characters', '+49\u200b170\u200b1234567', '<phone>'],
  ['an IBAN in groups of four', 'to DE89 3704 0044 0532 0130 00!', 'to <iban>!'],
  ['a code of letters and digits', 'order G482913', 'order <code>'],
  ['a code between Han letters', '加微信abc12345了', '加微信<code>了'],
  ['a wallet', 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', '<key>'],
  ['a link with its query', 'go http://u:p@a.example.com:80/x?y=z. Now', 'go <url>. Now'],
  ['a link without a scheme, with a path', 'win-prize.co.uk/claim?id=3 !', '<url> !'],
  ['a JID', 'xmpp:romeo.m@im.example.org?join', 'xmpp:<email>?join'],
  ['a host that may be two sentences', 'that is ok.so come', 'that is <url>ok.so come'],
];

const KEPT: readonly (readonly [name: string, text: string])[] = [
  ['a time and a day', 'at 18:30 on 1.2.'],
  ['a price', '$100 or 10.000 or 3,50'],
  ['two sentences without a space', 'stop.Then go'],
  ['an ordinal and slang', '2nd time b4 u go 2nite'],
  ['a mention', 'lunch @noon'],
  ['dots', '... a..b .c'],
];

describe('clean', () => {
  for (const [name, text, cleaned] of CLEANED) {
    it(`takes out ${name}`, () => assert.equal(spelledOut(cleanOf(normalise(text).text).text), cleaned));
  }

  for (const [name, text] of KEPT) {
    it(`keeps ${name}`, () => assert.equal(cleanOf(text).text, text));
  }

  it('takes no IBAN for one whose check digits are wrong', () => {
    assert.ok(!spelledOut(cleanOf('DE88370400440532013000').text).includes('<iban>'));
  });

  it('takes no number for a card that fails the sum of Luhn', () => {
    assert.ok(!spelledOut(cleanOf('4111 1111 1111 1112').text).includes('<card>'));
  });

  it('tells links by registrable domain, IP address and hidden service, and only the first eight', () => {
    const text = 'http://a.b.example.co.uk/x https://8.8.8.8/y http://www.abcdef.onion';
    assert.deepEqual(cleanOf(text).links, [
      { domain: 'example.co.uk', tld: 'co.uk' },
      { domain: '8.8.8.8', tld: '' },
      { domain: 'abcdef.onion', tld: 'onion' },
    ]);
    assert.equal(cleanOf('http://a.example.com '.repeat(20)).links.length, 8);
  });

  it('lets nobody write a placeholder', () => {
    assert.equal(cleanOf(normalise('\u000e <phone>').text).text, '  <phone>');
  });
});

describe('normalise', () => {
  it('loses no mark of a long run, and is NFKC around it', () => {
    const marks = '\u0301\u0323'.repeat(100);
    const { text } = normalise(`\uff45\u0301\u0323x${marks}\u304b\uff9e`);
    assert.ok(text.startsWith('\u1eb9\u0301x') && text.endsWith('\u304c'));
    const sorted = (letters: string) => [...letters].sort().join('');
    assert.equal(sorted(text.slice(3, -1)), sorted(marks));
  });

  it('reads both ends of a text beyond the limit, also where NFKC lengthens it', () => {
    const { text } = normalise(`start ${'x'.repeat(TEXT_UNITS_MAX)} end`);
    assert.ok(text.length <= TEXT_UNITS_MAX && text.startsWith('start ') && text.endsWith(' end'));
    assert.ok(normalise('\ufdfa'.repeat(TEXT_UNITS_MAX)).text.length <= TEXT_UNITS_MAX);
  });

  const invisibles: readonly (readonly [name: string, text: string, seen: string, count: number])[] = [
    ['a zero-width space in a word', 'fr\u200bee', 'free', 1],
    ['a run of them once', 'fr\u200b\u2060\u200bee', 'free', 1],
    ['not the joiner that Persian writes', 'می\u200cخواهم', 'میخواهم', 0],
    ['not a direction mark between words', 'a \u200fב', 'a ב', 0],
    ['a filler wherever it stands', ' \u3164 ', '  ', 1],
    ['not a control, which becomes a space', 'a\u0007b\nc', 'a b c', 0],
    ['not a lone surrogate', 'a \ud800', 'a ', 0],
  ];
  for (const [name, text, seen, count] of invisibles) {
    it(`counts ${name}`, () => assert.deepEqual(normalise(text), { text: seen, invisibles: count }));
  }
});
