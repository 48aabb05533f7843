import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { corpusBytes, readCorpus, readTsv } from '../src/cli/corpus.ts';
import { parseRow } from '../src/cli/corpus-tsv.ts';
import { LINE_CHARS_MAX, readLines } from '../src/cli/lines.ts';
import { messageElementOf, messageOf } from '../src/cli/stanza-text.ts';
import { parseStanza } from '../src/model/xml.ts';
import { plainText } from '../src/text/mime.ts';

const DIR = mkdtempSync(join(tmpdir(), 'pv-corpus-'));
after(() => rmSync(DIR, { recursive: true }));

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(DIR, name);
  writeFileSync(path, content);
  return path;
}

/** Body of a stanza as a strict XML parser reads it. */
function bodyOf(stanza: string): string {
  const parser = new SaxesParser();
  let text = '';
  parser.on('text', (part) => {
    text += part;
  });
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(stanza).close();
  return text;
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

async function textsOf(path: string): Promise<string[]> {
  return (await all(readCorpus(path))).map(({ stanza }) => bodyOf(stanza));
}

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('parseRow', () => {
  const ROWS = [
    ['spam\ten\thello', { label: 'spam', lang: 'en', text: 'hello' }],
    ['ham\tund\t', { label: 'ham', lang: 'und', text: '' }],
    ['ham\t\ta\\nb\\tc\\\\n', { label: 'ham', lang: '', text: 'a\nb\tc\\n' }],
    ['ham\ten\tC:\\x\\', { label: 'ham', lang: 'en', text: 'C:\\x\\' }],
    ['Spam\ten\thello', undefined],
    ['spam\ten', undefined],
    ['spam\ten\ta\tb', undefined],
    ['', undefined],
  ] as const;
  for (const [line, expected] of ROWS) {
    it(`reads ${JSON.stringify(line)}`, () => assert.deepEqual(parseRow(line), expected));
  }
});

describe('readLines', () => {
  for (const size of [1, 3, 1_000]) {
    it(`joins characters and line ends that were split, ${size} bytes a chunk`, async () => {
      const bytes = Buffer.from('é€\r\n𝄞\n\nlast');
      assert.deepEqual((await all(readLines(chunksOf(bytes, size), 'utf-8'))).flat(), [
        'é€',
        '𝄞',
        '',
        'last',
      ]);
    });
  }

  it('refuses a line without an end', async () => {
    const bytes = Buffer.alloc(LINE_CHARS_MAX + 1, 'x');
    await assert.rejects(all(readLines(chunksOf(bytes, 65_536), 'utf-8')), { exitCode: 65 });
  });
});

describe('messageOf', () => {
  it('keeps markup, quotes and line ends of a text', () => {
    const text = `<body>&amp; "it's" ]]> \r\n\t</message>`;
    assert.equal(bodyOf(messageOf(text)), text);
  });

  it('drops what XML 1.0 forbids, and nothing else', () => {
    assert.equal(bodyOf(messageOf('a\x00b\x1bc\ud800d\udc00e\uffff\ufffef𝄞\x85')), 'abcdef𝄞\x85');
  });

  it('makes well-formed XML of any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void bodyOf(messageOf(text))));
  });
});

describe('plainText', () => {
  const mail = (text: string) => plainText(text.split('\n'));

  it('takes a message without headers of MIME as plain text', () => {
    assert.equal(mail('Subject: x\n\nHello\nthere\n'), 'Hello\nthere');
  });

  it('decodes quoted-printable and its charset', () => {
    const text =
      'Content-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: quoted-printable\n\nCaf=C3=A9 =\nau lait =3D';
    assert.equal(mail(text), 'Café au lait =');
  });

  it('decodes base64, 8-bit text, and folded headers', () => {
    assert.equal(
      mail('Content-Type: text/plain;\n charset=utf-8\nContent-Transfer-Encoding: BASE64\n\n4oKs\nIDU='),
      '€ 5',
    );
    assert.equal(mail('Content-Type: text/plain; charset=iso-8859-1\n\nCaf\xe9'), 'Café');
    assert.equal(mail('Content-Type: text/plain; charset=klingon\n\nCaf\xe9'), 'Café');
  });

  it('takes the plain text of an alternative, and every text of a mix, but no attachment', () => {
    const text = [
      'Content-Type: multipart/mixed; boundary=out',
      '',
      'preamble',
      '--out',
      'Content-Type: multipart/alternative; boundary="in 1"',
      '',
      '--in 1',
      'Content-Type: text/plain',
      '',
      'one',
      '--in 1',
      'Content-Type: text/html',
      '',
      '<b>one</b>',
      '--in 1--',
      '--out',
      '',
      'two',
      '--out',
      'Content-Type: image/png',
      '',
      'no',
      '--out--',
      'epilogue',
    ];
    assert.equal(plainText(text), 'one\ntwo');
  });

  it('gives nothing for HTML alone, for a multipart without a boundary, and for no body', () => {
    assert.equal(mail('Content-Type: text/html\n\n<b>x</b>'), '');
    assert.equal(mail('Content-Type: multipart/mixed\n\n--x\n\ny'), '');
    assert.equal(mail('Subject: x'), '');
  });

  it('stops at its depth and at its number of parts', () => {
    const nested = Array.from({ length: 50 }, (_, n) => [
      `Content-Type: multipart/mixed; boundary=b${n}`,
      '',
      `--b${n}`,
    ]);
    assert.equal(plainText([...nested.flat(), '', 'deep']), '');
    const many = [
      'Content-Type: multipart/mixed; boundary=b',
      '',
      ...Array.from({ length: 500 }, () => ['--b', '', 'x']).flat(),
    ];
    assert.equal(plainText(many).split('\n').length, 64);
  });

  it('reads any noise in bounded time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string()),
        (lines) => void plainText(['Content-Type: multipart/mixed; boundary=b', ...lines]),
      ),
    );
    const start = performance.now();
    plainText([
      `Content-Type: text/plain${'; boundary='.repeat(50_000)}`,
      '',
      ...Array<string>(10_000).fill('='.repeat(50)),
    ]);
    assert.ok(performance.now() - start < 2_000);
  });
});

describe('a text of a corpus', () => {
  for (const text of [
    '',
    'a & b < c > d "e" \'f\' ]]>',
    ' \r\n\t x\r',
    '\0\x0b\ufffe\ud83d x \ud83d\ude00 \udc00',
    '&amp;',
  ])
    it(`is the same message written and parsed, and made at once: ${JSON.stringify(text)}`, () =>
      assert.deepEqual(messageElementOf(text), parseStanza(Buffer.from(messageOf(text)))));
});

describe('readCorpus', () => {
  it('reads a TSV with its labels', async () => {
    const path = fileOf('a.tsv', 'spam\ten\tBuy <now>\nham\tde\tHallo\\nWelt\n');
    const rows = await all(readCorpus(path));
    assert.deepEqual(
      rows.map(({ label, stanza }) => [label, bodyOf(stanza)]),
      [
        ['spam', 'Buy <now>'],
        ['ham', 'Hallo\nWelt'],
      ],
    );
  });

  it('names the line of a TSV that is no row', async () => {
    const path = fileOf('bad.tsv', 'spam\ten\tok\nnonsense\n');
    await assert.rejects(all(readTsv(path)), { exitCode: 65, message: /bad\.tsv: line 2 / });
  });

  it('reads an mbox, splits it only behind empty lines, and takes the quoting back', async () => {
    const mbox = [
      'From a@b Thu Jan  1 00:00:00 1970',
      'Subject: 1',
      '',
      'first',
      'From here on it is still the first',
      '>From the start',
      '>>From before',
      '',
      'From c@d Thu Jan  1 00:00:00 1970',
      'Content-Type: text/html',
      '',
      '<p>left out</p>',
      '',
      'From e@f Thu Jan  1 00:00:00 1970',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'zwölf',
      '',
    ].join('\r\n');
    assert.deepEqual(await textsOf(fileOf('x.mbox', mbox)), [
      'first\nFrom here on it is still the first\nFrom the start\n>From before',
      'zwölf',
    ]);
    assert.equal((await textsOf(fileOf('inbox', mbox))).length, 2, 'not known by its content');
  });

  it('cuts a message of an mbox that is too long', async () => {
    const path = fileOf('long.mbox', `From a\n\n${`${'x'.repeat(999)}\n`.repeat(3_000)}\nFrom b\n\nnext\n`);
    const texts = await textsOf(path);
    assert.equal(texts.length, 2);
    assert.ok((texts[0]?.length ?? 0) < 1_100_000);
    assert.equal(texts[1], 'next');
  });

  it('reads a folder of stanzas in the order of their names, and one stanza file', async () => {
    const folder = join(DIR, 'stanzas');
    mkdirSync(folder);
    fileOf('stanzas/2.xml', '<message><body>two</body></message>');
    fileOf('stanzas/1.xml', '<message><body>one</body></message>');
    fileOf('stanzas/notes.txt', 'no stanza');
    assert.deepEqual(await textsOf(folder), ['one', 'two']);
    assert.deepEqual(await textsOf(join(folder, '2.xml')), ['two']);
    assert.equal(await corpusBytes(folder), 70);
  });

  it('knows TSV and stanzas by their content', async () => {
    assert.deepEqual(await textsOf(fileOf('rows', 'ham\ten\tx\n')), ['x']);
    assert.deepEqual(await textsOf(fileOf('stanza', '<message><body>y</body></message>')), ['y']);
  });

  const REFUSED = [
    ['a file that is not there', () => join(DIR, 'none.tsv'), 66],
    ['a folder without stanzas', () => mkdtempSync(join(DIR, 'empty-')), 66],
    ['a format that is none of these', () => fileOf('plain', 'just text\n'), 65],
    ['an empty file', () => fileOf('empty', ''), 65],
    ['a stanza beyond the limit', () => fileOf('big.xml', '<'.padEnd(1_048_577, 'x')), 65],
    ['binary noise as TSV', () => fileOf('noise.tsv', Buffer.from([0, 255, 254, 9, 10, 13])), 65],
  ] as const;
  for (const [name, path, exitCode] of REFUSED) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(all(readCorpus(path())), { exitCode, message: /^[^\n]+\.$/ });
    });
  }
});
