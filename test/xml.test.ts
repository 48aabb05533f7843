import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RequestError } from '../src/errors.ts';
import {
  ATTRIBUTES_MAX,
  attributeOf,
  DEPTH_MAX,
  ELEMENTS_MAX,
  parseStanza,
  STANZA_BYTES_MAX,
  textOf,
  type XMLElement,
} from '../src/model/xml.ts';

/** A hostile stanza of the largest size takes 20 ms here; a bound that a quadratic parser would break by far. */
const HOSTILE_MS_MAX = 1000;

const parse = (text: string) => parseStanza(Buffer.from(text));

function assertRefused(bytes: Uint8Array, code: string): void {
  const start = performance.now();
  assert.throws(
    () => parseStanza(bytes),
    (error) => {
      assert.ok(error instanceof RequestError, String(error));
      assert.equal(error.code, code, error.message);
      assert.equal(error.status, 'EX_DATAERR');
      assert.equal(error.closes, false);
      assert.match(error.message, /^[\x20-\x7e]{20,200}\.$/);
      return true;
    },
  );
  assert.ok(performance.now() - start < HOSTILE_MS_MAX, 'takes too long');
}

test('reads names, namespaces, attributes and text', () => {
  const stanza = parse(
    `<message xmlns='jabber:client' xmlns:x='urn:x' from='a@b.example' xml:lang='en' x:from='evil'>` +
      `<body>1 &lt; 2 &amp; 3 &gt; 2 &#x1F98A;</body><x:y/><z xmlns='urn:z'>a<b>c</b>d</z></message>`,
  );
  assert.equal(stanza.name, 'message');
  assert.equal(stanza.ns, 'jabber:client');
  assert.equal(attributeOf(stanza, 'from'), 'a@b.example');
  assert.equal(attributeOf(stanza, 'xml:lang'), 'en');
  assert.equal(attributeOf(stanza, 'to'), undefined);
  assert.equal(attributeOf(stanza, 'constructor'), undefined);
  assert.equal(attributeOf(stanza, 'xmlns'), undefined);
  const [body, y, z] = stanza.children;
  assert.ok(typeof body === 'object' && typeof y === 'object' && typeof z === 'object');
  assert.equal(textOf(body), '1 < 2 & 3 > 2 🦊');
  assert.deepEqual([y.name, y.ns, textOf(y)], ['y', 'urn:x', '']);
  assert.deepEqual([z.ns, textOf(z)], ['urn:z', 'acd']);
});

test('finds each element in the namespace in force where it stands', () => {
  const stanza = parse(
    `<c:message xmlns:c='jabber:client' xmlns:xml='http://www.w3.org/XML/1998/namespace' xmlns=' urn:a '><a/>` +
      `<b xmlns='urn:b' xmlns:c='urn:c'><b/><c:c/><none xmlns=''/></b><a/><c:client xml:lang='en'/></c:message>`,
  );
  const found: string[] = [];
  const visit = (element: XMLElement): void => {
    found.push(`${element.name} ${element.ns}`);
    for (const child of element.children) if (typeof child !== 'string') visit(child);
  };
  visit(stanza);
  assert.deepEqual(found, [
    'message jabber:client',
    'a urn:a',
    'b urn:b',
    'b urn:b',
    'c urn:c',
    'none ',
    'a urn:a',
    'client jabber:client',
  ]);
});

test('takes linear time for thousands of declarations', () => {
  const declarations = Array.from({ length: 5000 }, (_, i) => ` xmlns:p${i}='u'`).join('');
  const names = '<p0:a p1:b=""/>'.repeat(ELEMENTS_MAX - 32);
  const stanza = `<message${declarations}>${'<a xmlns:q="v">'.repeat(30)}${names}${'</a>'.repeat(30)}</message>`;
  const start = performance.now();
  assert.equal(parse(stanza).name, 'message');
  assert.ok(performance.now() - start < HOSTILE_MS_MAX, 'takes too long');
});

test('takes linear time for a long namespace that thousands of attributes are of', () => {
  const attributes = Array.from({ length: ATTRIBUTES_MAX }, (_, i) => ` p:a${i}=''`).join('');
  const start = performance.now();
  const stanza = parse(
    `<message xmlns:p='${'u'.repeat(130_000)}'>${`<a${attributes}/>`.repeat(200)}</message>`,
  );
  assert.equal(stanza.children.length, 200);
  assert.ok(performance.now() - start < HOSTILE_MS_MAX, 'takes too long');
});

test('reads a CDATA section as text', () => {
  assert.equal(textOf(parse('<message><body><![CDATA[a < b]]></body></message>')), 'a < b');
});

test('takes white space and a byte order mark around the stanza', () => {
  assert.equal(parse('\ufeff \r\n<message/>\n\t').name, 'message');
});

test('takes each namespace of a stanza, and none', () => {
  for (const ns of ['jabber:client', 'jabber:server', 'jabber:component:accept']) {
    for (const name of ['message', 'presence', 'iq']) {
      assert.deepEqual([parse(`<${name} xmlns='${ns}'/>`).ns, parse(`<${name}/>`).ns], [ns, '']);
    }
  }
});

const LAUGHS = `<!DOCTYPE message [<!ENTITY a "ha">${Array.from({ length: 20 }, (_, i) => `<!ENTITY a${i} "&a;&a;">`).join('')}]>`;
const REFUSED: readonly (readonly [name: string, text: string, code: string])[] = [
  ['nothing', '', 'bad-xml'],
  ['words', 'hello', 'bad-xml'],
  ['a billion laughs', `${LAUGHS}<message>&a19;</message>`, 'forbidden-xml'],
  ['a DTD', '<!DOCTYPE message><message/>', 'forbidden-xml'],
  ['a DTD without an end', `<!DOCTYPE ${'['.repeat(100_000)}`, 'forbidden-xml'],
  ['an XML declaration', '<?xml version="1.0"?><message/>', 'forbidden-xml'],
  ['an instruction', '<message><?php phpinfo() ?></message>', 'forbidden-xml'],
  ['a comment', '<message><!-- x --></message>', 'forbidden-xml'],
  ['an entity beyond the five', '<message>&eacute;</message>', 'bad-xml'],
  ['an entity named like a property', '<message>&constructor;&__proto__;</message>', 'bad-xml'],
  ['a reference to no character', '<message>&#0;</message>', 'bad-xml'],
  ['a reference to a surrogate', '<message>&#xD800;</message>', 'bad-xml'],
  ['a NUL', '<message>\0</message>', 'bad-xml'],
  ['a control character', '<message>\x08</message>', 'bad-xml'],
  ['two stanzas', '<message/><message/>', 'bad-xml'],
  ['text before', 'x<message/>', 'bad-xml'],
  ['text behind', '<message/>x', 'bad-xml'],
  ['a CDATA section behind', '<message/><![CDATA[x]]>', 'bad-xml'],
  ['an unclosed element', '<message><body>x</body>', 'bad-xml'],
  ['an unclosed tag', '<message><body>x</bo', 'bad-xml'],
  ['an unclosed attribute', `<message a="${'x'.repeat(200_000)}`, 'bad-xml'],
  ['an unclosed CDATA section', `<message><![CDATA[${']'.repeat(200_000)}`, 'bad-xml'],
  ['crossed tags', '<message><a><b></a></b></message>', 'bad-xml'],
  ['a closing tag too much', '<message/></message>', 'bad-xml'],
  ['an attribute twice', `<message a='1' a='2'/>`, 'bad-xml'],
  ['an attribute twice by namespace', `<message xmlns:a='u' xmlns:b='u' a:c='1' b:c='2'/>`, 'bad-xml'],
  ['an unbound prefix', '<x:message/>', 'bad-xml'],
  ['a long unbound prefix, which the answer does not repeat', `<${'x'.repeat(9000)}:y/>`, 'bad-xml'],
  ['an unbound prefix of an attribute', `<message a:b='1'/>`, 'bad-xml'],
  ['a prefix out of its scope', `<message><x xmlns:a='u'/><a:y/></message>`, 'bad-xml'],
  ['a prefix declared as nothing', `<message xmlns:a=' '/>`, 'bad-xml'],
  ['an element named as a declaration', '<message><xmlns:a/></message>', 'bad-xml'],
  ['a declaration of xmlns', `<message xmlns:xmlns='http://www.w3.org/2000/xmlns/'/>`, 'bad-xml'],
  ['another prefix for xmlns', `<message xmlns:a='http://www.w3.org/2000/xmlns/'/>`, 'bad-xml'],
  ['xmlns as the default namespace', `<message xmlns='http://www.w3.org/2000/xmlns/'/>`, 'bad-xml'],
  ['another namespace for xml', `<message xmlns:xml='urn:x'/>`, 'bad-xml'],
  ['another prefix for xml', `<message xmlns:a='http://www.w3.org/XML/1998/namespace'/>`, 'bad-xml'],
  ['xml as the default namespace', `<message xmlns='http://www.w3.org/XML/1998/namespace'/>`, 'bad-xml'],
  ...['a:b:c', ':a', 'a:'].flatMap((name) => [
    [`an element named ${name}`, `<message xmlns:a='u'><${name}/></message>`, 'bad-xml'] as const,
    [`an attribute named ${name}`, `<message xmlns:a='u' ${name}='1'/>`, 'bad-xml'] as const,
  ]),
  ['a less-than sign in an attribute', `<message a='<'/>`, 'bad-xml'],
  ['100,000 ampersands', `<message>${'&'.repeat(100_000)}`, 'bad-xml'],
  ['100,000 less-than signs', `<message>${'<'.repeat(100_000)}`, 'bad-xml'],
  ['10,000 levels', '<message>'.repeat(10_000), 'too-deep'],
  ['10,000 levels, all closed', '<a>'.repeat(10_000) + '</a>'.repeat(10_000), 'too-deep'],
  [
    '10,000 attributes',
    `<message ${Array.from({ length: 10_000 }, (_, i) => `a${i}='${i}'`).join(' ')}/>`,
    'too-many-attributes',
  ],
  ['another element', '<stream/>', 'not-a-stanza'],
  ['another namespace', `<message xmlns='urn:x'/>`, 'not-a-stanza'],
  ['an empty namespace beside a prefixed stanza', `<c:message xmlns:c='urn:c'/>`, 'not-a-stanza'],
];

for (const [name, text, code] of REFUSED) {
  test(`refuses a stanza: ${name}`, () => {
    assertRefused(Buffer.from(text), code);
    assert.equal(parse('<message><body>x</body></message>').children.length, 1, 'the next stanza is read');
  });
}

test('refuses what is not UTF-8', () => {
  for (const bytes of ['ff', 'c0af', 'eda080', 'f4908080', 'e282']) {
    const body = Buffer.concat([
      Buffer.from('<message>'),
      Buffer.from(bytes, 'hex'),
      Buffer.from('</message>'),
    ]);
    assertRefused(body, 'bad-utf8');
  }
});

test('takes each limit and refuses one beyond', () => {
  const deep = (levels: number) =>
    `<message>${'<a>'.repeat(levels - 1)}${'</a>'.repeat(levels - 1)}</message>`;
  assert.equal(parse(deep(DEPTH_MAX)).name, 'message');
  assertRefused(Buffer.from(deep(DEPTH_MAX + 1)), 'too-deep');

  const wide = (elements: number) => `<message>${'<a/>'.repeat(elements - 1)}</message>`;
  assert.equal(parse(wide(ELEMENTS_MAX)).children.length, ELEMENTS_MAX - 1);
  assertRefused(Buffer.from(wide(ELEMENTS_MAX + 1)), 'too-many-elements');

  const dressed = (attributes: number) =>
    `<message ${Array.from({ length: attributes }, (_, i) => `a${i}=''`).join(' ')}/>`;
  assert.equal(parse(dressed(ATTRIBUTES_MAX)).attributes.length, 2 * ATTRIBUTES_MAX);
  assertRefused(Buffer.from(dressed(ATTRIBUTES_MAX + 1)), 'too-many-attributes');

  const frame = '<message></message>';
  const large = (bytes: number) => frame.replace('><', `>${'x'.repeat(bytes - frame.length)}<`);
  assert.equal(parse(large(STANZA_BYTES_MAX)).name, 'message');
  assertRefused(Buffer.from(large(STANZA_BYTES_MAX + 1)), 'too-large');
});

test('reads or refuses any bytes', () => {
  const pieces = fc.constantFrom(
    ...[
      '<message>',
      '</message>',
      '<body>',
      '</body>',
      '<',
      '>',
      '/',
      '&',
      ';',
      '&amp;',
      '&#',
      ']]>',
      '<![CDATA[',
      "a='b'",
      'é',
      'x',
      ' ',
      '<!',
      '<?',
      '\0',
    ],
  );
  const text = fc
    .array(pieces, { maxLength: 30 })
    .map((parts) => Buffer.from(`<message>${parts.join('')}</message>`));
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      try {
        assert.equal(parseStanza(bytes).name, 'message');
      } catch (error) {
        assert.ok(error instanceof RequestError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});
