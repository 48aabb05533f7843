import assert from 'node:assert/strict';
import test from 'node:test';
import { RequestError } from '../src/errors.ts';
import type { SampleText } from '../src/model/sample.ts';
import { type RequestFacts, ROSTER_WORDS, sampleOf } from '../src/model/stanza.ts';
import { TEXT_CHARS_MAX } from '../src/model/stanza-texts.ts';
import { TEST_LINES } from '../src/model/test-line.ts';

const ROMEO = 'romeo@montague.example/orchard';
const JULIET = 'juliet@capulet.example';
const MUC_USER = 'http://jabber.org/protocol/muc#user';

const sampleFrom = (xml: string, facts: Partial<RequestFacts> = {}) =>
  sampleOf(Buffer.from(xml), { stream: {}, ...facts });

const message = (inner: string, type = 'chat', from = ROMEO) =>
  `<message xmlns='jabber:client' from='${from}' to='${JULIET}' type='${type}'>${inner}</message>`;

const textsOf = (xml: string) => sampleFrom(xml).texts.map(({ source, lang, text }) => [source, lang, text]);

const refuses = (code: string) => (error: unknown) =>
  error instanceof RequestError && error.code === code && error.status === 'EX_DATAERR' && !error.closes;

test('makes a sample of a chat message', () => {
  const stream = { host: 'montague.example', tls: 'TLSv1.3' };
  const sample = sampleFrom(message('<body>Hi</body>'), { from: ROMEO, to: JULIET, direction: 'in', stream });
  assert.deepEqual(sample, {
    kind: 'message',
    direction: 'in',
    subject: ROMEO,
    sender: ROMEO,
    recipient: JULIET,
    texts: [{ source: 'body', lang: '', text: 'Hi' }],
    encryption: 'none',
    cloaked: false,
    isTest: false,
    stream,
    bypass: undefined,
  });
});

test('judges every type of message, known or not', () => {
  for (const type of ['chat', 'normal', 'headline', 'groupchat', 'error', 'bogus', '']) {
    const sample = sampleFrom(message('<body>Hi</body>', type));
    assert.deepEqual([sample.kind, sample.texts.length, sample.bypass], ['message', 1, undefined], type);
  }
  assert.equal(sampleFrom('<message><body>Hi</body></message>').kind, 'message');
});

test('does not judge what is no message, invitation or subscription', () => {
  const others = [
    '<presence/>',
    `<presence type='unavailable'><status>buy</status></presence>`,
    `<presence type='subscribed'><status>buy</status></presence>`,
    `<presence type='error'><status>buy</status></presence>`,
    `<iq type='get' id='1'><body>buy</body></iq>`,
  ];
  for (const xml of others) {
    const sample = sampleFrom(xml);
    assert.deepEqual([sample.kind, sample.texts], ['other', []], xml);
  }
});

const TEXTS: readonly (readonly [name: string, xml: string, texts: readonly (readonly string[])[]])[] = [
  [
    'every body in its language',
    `<message xml:lang='EN'><body>Hello</body><body xml:lang='de'>Hallo</body><body xml:lang=''>Salut</body></message>`,
    [
      ['body', 'en', 'Hello'],
      ['body', 'de', 'Hallo'],
      ['body', '', 'Salut'],
    ],
  ],
  [
    'two bodies of one language',
    message('<body>Hello</body><body>Buy</body>'),
    [
      ['body', '', 'Hello'],
      ['body', '', 'Buy'],
    ],
  ],
  [
    'a text only once',
    message(
      `<body>Hello</body><body xml:lang='de'> Hello </body><subject>Hello</subject><subject>Hey</subject>`,
    ),
    [
      ['body', '', 'Hello'],
      ['subject', '', 'Hey'],
    ],
  ],
  ['no text of white space', message('<body> \n </body><subject/>'), []],
  ['a body in another namespace', message(`<body xmlns='urn:x'>Buy</body>`), [['body', '', 'Buy']]],
  ['text within elements of a body', message('<body>Bu<i>y</i></body>'), [['body', '', 'Buy']]],
  [
    'the nick beside a message',
    message(`<body>Hi</body><nick xmlns='http://jabber.org/protocol/nick'>Buy</nick>`),
    [
      ['body', '', 'Hi'],
      ['nick', '', 'Buy'],
    ],
  ],
  [
    'status and nick of a subscription',
    `<presence type='subscribe' xml:lang='en'><status>Hi</status><status xml:lang='ru'>Привет</status><nick xmlns='http://jabber.org/protocol/nick'>Ann</nick></presence>`,
    [
      ['status', 'en', 'Hi'],
      ['status', 'ru', 'Привет'],
      ['nick', 'en', 'Ann'],
    ],
  ],
  [
    'the reason of an error',
    message(
      `<body>Hi</body><error type='cancel'><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>Buy</text></error>`,
      'error',
    ),
    [
      ['body', '', 'Hi'],
      ['reason', 'en', 'Buy'],
    ],
  ],
  [
    'the reason of a refused invitation',
    message(`<x xmlns='${MUC_USER}'><decline from='a@b.example'><reason>Buy</reason></decline></x>`),
    [['reason', '', 'Buy']],
  ],
];

for (const [name, xml, texts] of TEXTS) {
  test(`finds ${name}`, () => {
    assert.deepEqual(textsOf(xml), texts);
  });
}

test('cuts an overlong language', () => {
  assert.equal(
    sampleFrom(message(`<body xml:lang='${'x'.repeat(1000)}'>Hi</body>`)).texts[0]?.lang.length,
    35,
  );
});

const html = (inner: string) =>
  `<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>${inner}</body></html>`;

const MARKUP: readonly (readonly [name: string, body: string, inner: string, texts: readonly string[]])[] = [
  ['drops markup that says the same', 'Hi there', '<p>Hi <strong>there</strong></p>', ['Hi there']],
  ['drops markup of several lines that says the same', 'Hi\nthere', '<p>Hi</p><p>there</p>', ['Hi\nthere']],
  ['judges markup that says something else', 'Hi', '<p>Buy</p>', ['Hi', 'Buy']],
  ['joins words that markup cuts', 'Hi', 'B<span>u</span>y', ['Hi', 'Buy']],
  ['parts lines', 'Hi', 'Buy<br/>now', ['Hi', 'Buy\n\nnow']],
  [
    'shows where a link leads',
    'here',
    `<a href='https://evil.example'>here</a>`,
    ['here', 'here (https://evil.example)'],
  ],
  [
    'drops a link that shows where it leads',
    'https://a.example',
    `<a href='https://a.example'>https://a.example</a>`,
    ['https://a.example'],
  ],
  ['reads the text of an image', 'Hi', `<img src='cid:x' alt='Buy'/>`, ['Hi', 'Buy']],
];

for (const [name, body, inner, texts] of MARKUP) {
  test(`XHTML-IM: ${name}`, () => {
    assert.deepEqual(
      textsOf(message(`<body>${body}</body>${html(inner)}`)).map((text) => text[2]),
      texts,
    );
  });
}

test('takes linear time for a long link, and shows it', () => {
  const half = 'a'.repeat(30_000);
  const link = html(`<a href='${half}b${half}'>${half.repeat(6)}</a>`);
  const start = performance.now();
  const texts = textsOf(message(`<body>Hi</body>${link}`));
  assert.ok(performance.now() - start < 200);
  assert.ok(texts.some(([, , text]) => text?.includes('b')));
});

test('keeps every text by itself, however many there are', () => {
  const bodies = Array.from({ length: 300 }, (_, index) => `<body xml:lang='l${index}'>text ${index}</body>`);
  const texts = textsOf(message(bodies.join('')));
  assert.equal(texts.length, 300);
  assert.deepEqual(texts[299], ['body', 'l299', 'text 299']);
});

const wholeOf = (texts: readonly SampleText[]) =>
  texts
    .map(({ text }) => text)
    .join('')
    .replaceAll('\n', '');

test('hides no text behind the length of texts', () => {
  const ham = 'x'.repeat(TEXT_CHARS_MAX - 10);
  const cases: readonly (readonly string[])[] = [
    [`${ham}spam in the middle${ham}`],
    ['first', ...Array.from({ length: 57 }, (_, index) => `${index}${'z'.repeat(400)}`), 'spam', ham],
    Array.from({ length: 7 }, (_, index) => `${index}${ham}`).concat('spam', 'more', 'words'),
    [`${'y'.repeat(20 * TEXT_CHARS_MAX - 4)}spam`],
  ];
  for (const bodies of cases) {
    const { texts } = sampleFrom(message(bodies.map((body) => `<body>${body}</body>`).join('')));
    assert.ok(texts.every(({ text }) => text.length <= TEXT_CHARS_MAX));
    assert.equal(wholeOf(texts), bodies.join(''));
  }
});

test('takes linear time for hundreds of texts, as bodies and as markup', () => {
  const bodies = Array.from({ length: 400 }, (_, index) => `<body>${'x'.repeat(40)}${index}</body>`).join('');
  const markup = Array.from({ length: 200 }, (_, index) => html(`${'x'.repeat(30)}${index}`))
    .join('')
    .slice(0, 150_000);
  const whole = markup.slice(0, markup.lastIndexOf('<html'));
  const start = performance.now();
  assert.ok(sampleFrom(message(bodies + whole)).texts.length >= 400);
  assert.ok(performance.now() - start < 500);
});

const PARTIES: readonly (readonly [
  name: string,
  from: string | undefined,
  told: string | undefined,
  sender: string | undefined,
])[] = [
  ["takes the stanza's from", ROMEO, undefined, ROMEO],
  ["takes the header's", undefined, ROMEO, ROMEO],
  ['takes neither', undefined, undefined, undefined],
  ['takes the full JID of the stanza', ROMEO, 'romeo@montague.example', ROMEO],
  ['takes the full JID of the header', 'romeo@montague.example', ROMEO, ROMEO],
  ['compares canonical forms', 'Romeo@MONTAGUE.example', 'romeo@montague.example.', 'romeo@montague.example'],
  ['takes a domain', 'montague.example', 'montague.example', 'montague.example'],
];

for (const [name, from, told, sender] of PARTIES) {
  test(`of header and stanza ${name}`, () => {
    const written = from === undefined ? '' : ` from='${from}'`;
    const writtenTo = from === undefined ? '' : ` to='${from}'`;
    assert.equal(sampleFrom(`<message${written}/>`, { from: told }).sender, sender);
    assert.equal(sampleFrom(`<message${writtenTo}/>`, { to: told }).recipient, sender);
  });
}

test('refuses a header that contradicts the stanza', () => {
  const others = [
    'tybalt@montague.example/orchard',
    'romeo@capulet.example',
    'montague.example',
    'romeo@montague.example/crypt',
  ];
  for (const other of others) {
    assert.throws(
      () => sampleFrom(`<message from='${ROMEO}'/>`, { from: other }),
      refuses('contradiction'),
      other,
    );
    assert.throws(
      () => sampleFrom(`<message to='${ROMEO}'/>`, { to: other }),
      refuses('contradiction'),
      other,
    );
  }
});

test('refuses a JID that is none', () => {
  assert.throws(() => sampleFrom(`<message from='a@b@c'/>`), refuses('bad-jid'));
  assert.throws(() => sampleFrom('<message/>', { to: '' }), refuses('bad-jid'));
});

const ROOM = 'coven@muc.example';
const mediated = (invite: string, from = ROOM) =>
  `<message from='${from}' to='${JULIET}'><x xmlns='${MUC_USER}'>${invite}</x></message>`;

test('judges the inviter whom a room names, and its reason', () => {
  const sample = sampleFrom(mediated(`<invite from='${ROMEO}'><reason>Join us</reason></invite>`));
  assert.deepEqual([sample.kind, sample.subject, sample.sender], ['invitation', ROMEO, ROOM]);
  assert.deepEqual(sample.texts, [{ source: 'reason', lang: '', text: 'Join us' }]);
});

test('judges the sender of an invitation that no room can have sent', () => {
  const full = sampleFrom(mediated(`<invite from='${ROMEO}'/>`, 'mallory@evil.example/bot'));
  assert.deepEqual([full.kind, full.subject], ['invitation', 'mallory@evil.example/bot']);
  for (const invite of ['<invite/>', `<invite from='a@b@c'/>`, `<invite from=''/>`]) {
    assert.deepEqual(
      [sampleFrom(mediated(invite)).kind, sampleFrom(mediated(invite)).subject],
      ['invitation', ROOM],
    );
  }
});

test('judges the sender of a direct invitation, and its reason', () => {
  const direct = (x: string) => sampleFrom(message(`<body>Come</body>${x}`, 'normal'));
  for (const x of [
    `<x xmlns='jabber:x:conference' jid='${ROOM}' reason='Join us'/>`,
    `<x xmlns='jabber:x:conference' jid='${ROOM}'>Join us</x>`,
  ]) {
    const sample = direct(x);
    assert.deepEqual([sample.kind, sample.subject, sample.sender], ['invitation', ROMEO, ROMEO]);
    assert.deepEqual(
      sample.texts.map(({ source, text }) => [source, text]),
      [
        ['body', 'Come'],
        ['reason', 'Join us'],
      ],
    );
  }
});

test('takes an invitation that comes back as an error for no invitation', () => {
  const xml = message(
    `<x xmlns='jabber:x:conference' jid='${ROOM}' reason='Join us'/><error type='cancel'/>`,
    'error',
  );
  const sample = sampleFrom(xml);
  assert.deepEqual([sample.kind, sample.texts.length], ['message', 1]);
});

test('does not take what a room says to its occupants for an invitation', () => {
  const xml = message(`<body>Hi</body><x xmlns='${MUC_USER}'/>`, 'chat', `${ROOM}/nick`);
  assert.deepEqual([sampleFrom(xml).kind, sampleFrom(xml).subject], ['message', `${ROOM}/nick`]);
});

const BYPASS: readonly (readonly [
  name: string,
  xml: string,
  facts: Partial<RequestFacts>,
  bypass: string | undefined,
])[] = [
  ['a contact, either way', message('<body>Hi</body>'), { roster: 'both' }, 'roster'],
  ['a contact who may see the recipient', message('<body>Hi</body>'), { roster: 'from' }, 'roster'],
  ['a contact whom the recipient sees', message('<body>Hi</body>'), { roster: 'to' }, 'roster'],
  [
    'one whom the recipient asked',
    `<presence type='subscribe' from='${ROMEO}'/>`,
    { roster: 'ask' },
    'roster',
  ],
  ['a stranger', message('<body>Hi</body>'), { roster: 'none' }, undefined],
  ['one of whom nothing is told', message('<body>Hi</body>'), {}, undefined],
  ['the recipient', message('<body>Hi</body>', 'chat', `${JULIET}/balcony`), {}, 'self'],
  [
    'a joined room',
    message('<body>Hi</body>', 'groupchat', `${ROOM}/nick`),
    { roster: 'room' },
    'joined-room',
  ],
  [
    'an occupant in private',
    message('<body>Hi</body>', 'chat', `${ROOM}/nick`),
    { roster: 'room' },
    undefined,
  ],
  ['an invitation by a joined room', mediated(`<invite from='${ROMEO}'/>`), { roster: 'room' }, undefined],
  ['a room that nobody joined', message('<body>Hi</body>', 'groupchat', `${ROOM}/nick`), {}, undefined],
  ['an error that answers', message('<body>Hi</body>', 'error'), { answers: true }, 'error-answer'],
  ['an error that answers nothing', message('<body>Hi</body>', 'error'), { answers: false }, undefined],
  ['an error of which nothing is told', message('<body>Hi</body>', 'error'), {}, undefined],
  ['a message that answers', message('<body>Hi</body>'), { answers: true }, undefined],
];

for (const [name, xml, facts, bypass] of BYPASS) {
  test(`${bypass === undefined ? 'judges' : 'does not judge'} ${name}`, () => {
    const sample = sampleFrom(xml, facts);
    assert.equal(sample.bypass, bypass);
    assert.equal(sample.texts.length, xml.includes('<body>') ? 1 : 0, 'its texts are there all the same');
  });
}

test('refuses a Roster that it does not know', () => {
  assert.throws(() => sampleFrom('<message/>', { roster: 'friend' }), refuses('bad-roster'));
  assert.throws(() => sampleFrom('<message/>', { roster: 'Both' }), refuses('bad-roster'));
  for (const roster of ROSTER_WORDS) {
    assert.equal(sampleFrom('<message/>', { roster }).kind, 'message');
  }
});

test('knows the test stanza by either line, in any text', () => {
  for (const line of TEST_LINES) {
    const stanzas = [
      message(`<body>Try: ${line}!</body>`),
      message(`<body xml:lang='en'>a test</body><body xml:lang='de'>${line}</body>`),
      message(`<subject>${line}</subject><body>hello</body>`),
      message(`<body>${'x'.repeat(TEXT_CHARS_MAX - 20)}${line}</body>`),
      message(`<html xmlns='http://jabber.org/protocol/xhtml-im'><body><p>${line}</p></body></html>`),
      message(`<body>${line}</body><encrypted xmlns='eu.siacs.conversations.axolotl'/>`),
      message(
        `<body>${line}</body><encrypted xmlns='urn:xmpp:omemo:2'/><fallback xmlns='urn:xmpp:fallback:0'/>`,
      ),
      `<presence type='subscribe'><status>${line}</status></presence>`,
    ];
    for (const stanza of stanzas) assert.equal(sampleFrom(stanza).isTest, true, stanza);
    for (const stanza of [
      message(`<body>${line.slice(0, -1)}</body>`),
      message(`<body>${line.slice(0, 30)}</body><subject>${line.slice(30)}</subject>`),
      message(`<body>${line.toLowerCase()}</body>`),
      `<presence><status>${line}</status></presence>`,
    ])
      assert.equal(sampleFrom(stanza).isTest, false, stanza);
  }
  assert.match(TEST_LINES[1], /^PROVIDENCE-TEST-SPAM-[0-9a-f]{32}$/);
});
