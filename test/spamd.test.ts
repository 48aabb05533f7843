import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { exchange, HAM_TEXT, SPAM_STANZA, spamc, TEST_LINE } from './spamd-exchange.ts';

const SPAM_MAIL = `From: a@spam.example\r\nX-Spam-Status: No, says the sender\r\n\tand goes on\r\nSubject: hi\r\n\r\n${TEST_LINE}\r\n`;
const SPAM = 'Spam: True ; 5.0 / 5.0';
const OK = 'SPAMD/1.1 0 EX_OK\r\n';
const REPORT =
  'Verdict spam: 5.0 of 5.0 points, probability 1.000, action mark.\nTEST_STANZA: the test line: always spam, teaches nothing.\n';
const REWRITTEN = [
  'X-Spam-Checker-Version: Providence 0.1.0',
  'X-Spam-Flag: YES',
  'X-Spam-Level: *****',
  'X-Spam-Status: Yes, score=5.0 required=5.0 tests=TEST_STANZA',
  '\tautolearn=no version=0.1.0',
  'From: a@spam.example',
  'Subject: hi',
  '',
  '',
].join('\r\n');
const MISMATCH = '(Content-Length mismatch: Expected';
const NO_FORM = "SPAMD/1.0 76 Bad header line: (header not in 'Name: value' format)\r\n";

/** What is sent, and every byte of what spamd, and so the daemon, says to it. The client half-closes. */
const CASES: readonly (readonly [name: string, sent: string, said: string])[] = [
  ['CHECK', spamc('CHECK', SPAM_STANZA), `${OK}${SPAM}\r\n\r\n`],
  ['CHECK of mail', spamc('CHECK', SPAM_MAIL), `${OK}${SPAM}\r\n\r\n`],
  ['CHECK of a text', spamc('CHECK', `${TEST_LINE}\n`), `${OK}${SPAM}\r\n\r\n`],
  ['CHECK of nothing', spamc('CHECK', ''), `${OK}Spam: False ; 0.0 / 5.0\r\n\r\n`],
  ['CHECK without Content-length', `CHECK SPAMC/1.5\r\n\r\n${SPAM_MAIL}`, `${OK}${SPAM}\r\n\r\n`],
  ['CHECK of 1.0, without a head', `CHECK SPAMC/1.0\r\n${SPAM_MAIL}`, `${OK}${SPAM}\r\n\r\n`],
  ['SYMBOLS', spamc('SYMBOLS', SPAM_STANZA), `${OK}Content-length: 11\r\n${SPAM}\r\n\r\nTEST_STANZA`],
  ['SYMBOLS of 1.2', spamc('SYMBOLS SPAMC/1.2', SPAM_STANZA), `${OK}${SPAM}\r\n\r\nTEST_STANZA\r\n`],
  [
    'REPORT',
    spamc('REPORT', SPAM_STANZA),
    `${OK}Content-length: ${REPORT.length}\r\n${SPAM}\r\n\r\n${REPORT}`,
  ],
  ['REPORT of 1.2', spamc('REPORT SPAMC/1.2', SPAM_STANZA), `${OK}${SPAM}\r\n\r\n${REPORT}`],
  [
    'REPORT_IFSPAM of spam',
    spamc('REPORT_IFSPAM', SPAM_STANZA),
    `${OK}Content-length: ${REPORT.length}\r\nSpam: Yes ; 5.0 / 5.0\r\n\r\n${REPORT}`,
  ],
  [
    'REPORT_IFSPAM of ham',
    spamc('REPORT_IFSPAM', HAM_TEXT),
    `${OK}Content-length: 0\r\nSpam: No ; 0.0 / 5.0\r\n\r\n`,
  ],
  [
    'PROCESS of mail',
    spamc('PROCESS', SPAM_MAIL),
    `${OK}Content-length: ${REWRITTEN.length + TEST_LINE.length + 2}\r\n${SPAM}\r\n\r\n${REWRITTEN}${TEST_LINE}\r\n`,
  ],
  [
    'PROCESS of 1.2',
    spamc('PROCESS SPAMC/1.2', SPAM_MAIL),
    `${OK}Content-length: ${REWRITTEN.length + TEST_LINE.length + 2}\r\n\r\n${REWRITTEN}${TEST_LINE}\r\n`,
  ],
  [
    'PROCESS of 1.1',
    spamc('PROCESS SPAMC/1.1', SPAM_MAIL),
    `SPAMD/1.0 0 EX_OK\r\n${REWRITTEN}${TEST_LINE}\r\n`,
  ],
  [
    'PROCESS of a stanza',
    spamc('PROCESS', SPAM_STANZA),
    `${OK}Content-length: ${SPAM_STANZA.length}\r\n${SPAM}\r\n\r\n${SPAM_STANZA}`,
  ],
  [
    'PROCESS of a stanza that looks like mail',
    spamc('PROCESS', `<message><body>x:\nFrom: y\n\n${TEST_LINE}</body></message>`),
    `${OK}Content-length: 97\r\n${SPAM}\r\n\r\n<message><body>x:\nFrom: y\n\n${TEST_LINE}</body></message>`,
  ],
  [
    'PROCESS of a text that is no UTF-8',
    spamc('PROCESS', `${TEST_LINE}\xff\0\xc3`),
    `${OK}Content-length: ${TEST_LINE.length + 3}\r\n${SPAM}\r\n\r\n${TEST_LINE}\xff\0\xc3`,
  ],
  [
    'HEADERS of mail',
    spamc('HEADERS', SPAM_MAIL),
    `${OK}Content-length: ${REWRITTEN.length}\r\n${SPAM}\r\n\r\n${REWRITTEN}`,
  ],
  [
    'HEADERS of a stanza',
    spamc('HEADERS', SPAM_STANZA),
    `${OK}Content-length: ${SPAM_STANZA.length}\r\n${SPAM}\r\n\r\n${SPAM_STANZA}`,
  ],
  ['PING', 'PING SPAMC/1.5\r\n\r\n', 'SPAMD/1.5 0 PONG\r\n'],
  ['PING of 1.2, without a head', 'PING SPAMC/1.2\r\n', 'SPAMD/1.5 0 PONG\r\n'],
  ['PING behind a bare LF', 'PING SPAMC/1.2\n', 'SPAMD/1.5 0 PONG\r\n'],
  ['SKIP', 'SKIP SPAMC/1.5\r\n\r\n', ''],
  [
    'unknown headers, names in any case',
    spamc('CHECK', SPAM_STANZA, 'X-Foo: bar\r\nUSER: root\r\n'),
    `${OK}${SPAM}\r\n\r\n`,
  ],
  [
    'what comes behind the body',
    `${spamc('CHECK', SPAM_STANZA)}PING SPAMC/1.5\r\n\r\n`,
    `${OK}${SPAM}\r\n\r\n`,
  ],
  [
    'PNP behind it',
    `${spamc('CHECK', SPAM_STANZA)}PING PNP/1.0\r\nContent-Length: 0\r\n\r\n`,
    `${OK}${SPAM}\r\n\r\n`,
  ],
  [
    'a Content-length that is too small',
    `CHECK SPAMC/1.5\r\nContent-length: 3\r\n\r\n${TEST_LINE}`,
    `${OK}Spam: False ; 0.0 / 5.0\r\n\r\n`,
  ],
  [
    'a Content-length that is too large',
    `CHECK SPAMC/1.5\r\nContent-length: 100\r\n\r\n${TEST_LINE}`,
    `SPAMD/1.0 76 Bad header line: ${MISMATCH} 100 bytes, got 53 bytes)\r\n`,
  ],
  [
    'a Content-length that is none',
    'CHECK SPAMC/1.5\r\nContent-length: -5\r\n\r\nhello',
    'SPAMD/1.0 76 Bad header line: (Content-Length contains non-numeric bytes)\r\n',
  ],
  [
    'a header given twice',
    'CHECK SPAMC/1.5\r\nUser: a\r\nuser: b\r\n\r\n',
    'SPAMD/1.0 76 Bad header line: (user is given twice)\r\n',
  ],
  ['a line that is no header', 'CHECK SPAMC/1.5\r\nfoo\r\n\r\nhello', NO_FORM],
  ['a head whose lines end with LF', 'CHECK SPAMC/1.5\nUser: x\n\nhello', NO_FORM],
  ['a control character in a header', 'CHECK SPAMC/1.5\r\nUser: x\x1b[2J\r\n\r\n', NO_FORM],
  ['a header that is no UTF-8', 'CHECK SPAMC/1.5\r\nUser: \xff\r\n\r\n', NO_FORM],
  [
    'a head that is cut',
    'CHECK SPAMC/1.5\r\nUser: x',
    'SPAMD/1.0 76 Bad header line: (EOF during headers)\r\n',
  ],
  [
    'compression',
    spamc('CHECK', 'x', 'Compress: zlib\r\n'),
    'SPAMD/1.0 76 Bad header line: (compression type not supported: zlib)\r\n',
  ],
  ['an unknown verb', 'FOO SPAMC/1.5\r\n\r\n', 'SPAMD/1.0 76 Bad header line: FOO SPAMC/1.5\r\n'],
  ['a version that is none', 'CHECK SPAMC/x\r\n\r\n', 'SPAMD/1.0 76 Bad header line: CHECK SPAMC/x\r\n'],
  [
    'a broken stanza',
    spamc('CHECK', '<message><body>'),
    'SPAMD/1.0 65 EX_DATAERR: bad-xml ; The stanza is not well-formed (unclosed tag); send it as the server has it.\r\n',
  ],
  [
    'a User that is no JID',
    spamc('CHECK', HAM_TEXT, 'User: @\r\n'),
    'SPAMD/1.0 65 EX_DATAERR: bad-jid ; A JID has a domain that is neither a host name nor an IP address; send JIDs as the XMPP server prepared them.\r\n',
  ],
];

const JULIET = 'User: juliet@capulet.example\r\n';
const USAGE = 'SPAMD/1.0 64 EX_USAGE: ';
const DID_SET = `${OK}DidSet: local\r\n\r\n\r\n`;
const DID_NOTHING = `${OK}\r\n\r\n`;
const SET = 'Set: local\r\n';

/** In this order, on one daemon; the right learn, without admin. */
const LESSONS: readonly (readonly [name: string, headers: string, said: string])[] = [
  ['teaches', `${JULIET}Message-class: spam\r\n${SET}`, DID_SET],
  ['teaches once', `${JULIET}Message-class: spam\r\n${SET}`, DID_NOTHING],
  ['teaches the other class', `${JULIET}Message-class: ham\r\n${SET}`, DID_SET],
  ['forgets', `${JULIET}Remove: local\r\n`, `${OK}DidRemove: local\r\n\r\n\r\n`],
  ['forgets once', `${JULIET}Remove: local\r\n`, DID_NOTHING],
  ['reports', `${JULIET}Message-class: spam\r\nSet: local, remote\r\n`, DID_SET],
  ['revokes', `${JULIET}Message-class: ham\r\n${SET}Remove: remote\r\n`, DID_SET],
  ['knows no SPAM in capitals', `${JULIET}Message-class: SPAM\r\n${SET}`, `${USAGE}unknown-class ; `],
  ['needs a class', `${JULIET}${SET}`, `${USAGE}no-class ; `],
  ['needs something to do', JULIET, `${USAGE}nothing-to-do ; `],
  [
    'does not set and remove',
    `${JULIET}Message-class: spam\r\n${SET}Remove: local\r\n`,
    `${USAGE}set-and-remove ; `,
  ],
  ['knows two places', `${JULIET}Message-class: spam\r\nSet: moon\r\n`, `${USAGE}unknown-place ; `],
  ['needs a JID to teach for', `User: root\r\nMessage-class: spam\r\n${SET}`, `${USAGE}no-reporter ; `],
  ['forgot what it said', `${JULIET}Remove: local\r\n`, `${OK}DidRemove: local\r\n\r\n\r\n`],
];

describe('the SpamAssassin dialect', () => {
  let daemon: DaemonProcess;
  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.stop());

  for (const [name, sent, said] of CASES) {
    it(`answers as spamd does: ${name} [PNP-10.2]`, async () => {
      assert.equal(await exchange(daemon.unixPath, sent), said);
      assert.equal(await exchange(daemon.tcpPort, sent, { step: 1 }), said, 'byte by byte');
      assert.equal(await exchange(daemon.unixPath, sent, { step: 3 }), said, 'in threes');
    });
  }

  it('answers a body of Content-length bytes, a PING and an error before the client half-closes', async () => {
    const still = { ends: false };
    assert.equal(await exchange(daemon.unixPath, spamc('CHECK', TEST_LINE), still), `${OK}${SPAM}\r\n\r\n`);
    assert.equal(await exchange(daemon.unixPath, 'PING SPAMC/1.5\r\n\r\n', still), 'SPAMD/1.5 0 PONG\r\n');
    assert.equal(await exchange(daemon.unixPath, 'SKIP SPAMC/1.5\r\n\r\n', still), '');
    assert.match(await exchange(daemon.unixPath, 'FOO SPAMC/1.5\r\n', still), /^SPAMD\/1\.0 76 /);
  });

  it('begins a connection or is none: behind PNP it is a broken frame of PNP [PNP-10.1]', async () => {
    const ping = 'PING PNP/1.0\r\nContent-Length: 0\r\n\r\n';
    const said = await exchange(daemon.unixPath, ping + spamc('CHECK', SPAM_STANZA));
    assert.match(
      said,
      /^PNP\/1\.0 0 EX_OK\r\nContent-Length: 0\r\n\r\nPNP\/1\.0 76 EX_PROTOCOL\r\nError: bad-request-line ; /,
    );
    assert.equal(said.split('EX_').length, 3);
  });

  for (const [name, headers, said] of LESSONS) {
    it(`TELL ${name} [PNP-10.4]`, async () => {
      const answer = await exchange(daemon.unixPath, spamc('TELL', HAM_TEXT, headers));
      // Of a refusal the word counts, not the sentence.
      assert.equal(said.endsWith(' ; ') ? answer.slice(0, said.length) : answer, said);
    });
  }

  it('TELL of the operator needs the right admin, and names nobody [PNP-10.4]', async () => {
    const bytes = spamc('TELL', 'Words of the operator', `User: root\r\nMessage-class: ham\r\n${SET}`);
    assert.equal(await exchange(daemon.adminPath, bytes), DID_SET);
    assert.equal(await exchange(daemon.adminPath, bytes), DID_NOTHING);
  });

  it('gives no more rights than PNP does on a listener [PNP-10.4]', async () => {
    const bytes = spamc('TELL', HAM_TEXT, `${JULIET}Message-class: spam\r\n${SET}`);
    assert.match(await exchange(daemon.tcpPort, bytes), /^SPAMD\/1\.0 77 EX_NOPERM: no-right ; [^\r]+\r\n$/);
  });

  it('takes User for the recipient where it holds an @ [PNP-10.4]', async () => {
    const to = (user: string) => exchange(daemon.unixPath, spamc('REPORT', HAM_TEXT, `User: ${user}\r\n`));
    assert.match(await to('juliet'), /bayes\.user +abstains: the recipient is not told/);
    assert.match(await to('juliet@capulet.example'), /bayes\.user +abstains: not enough lessons/);
    const stanza = spamc('CHECK', SPAM_STANZA, 'User: romeo@montague.example\r\n');
    assert.match(await exchange(daemon.unixPath, stanza), /^SPAMD\/1\.0 65 EX_DATAERR: contradiction ; /);
  });

  it('counts a request by the verb of PNP that does its work', async () => {
    await exchange(daemon.unixPath, spamc('PROCESS', SPAM_MAIL));
    const metrics = await (await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`)).text();
    assert.match(metrics, /^providence_requests_total\{verb="SYMBOLS",code="0"\} [1-9]/m);
    assert.match(metrics, /^providence_requests_total\{verb="TELL",code="77"\} 1$/m);
  });

  it('cut requests and noise leave the daemon as it was', { timeout: 120_000 }, async () => {
    const known = CASES.map(([, sent]) => sent).join('');
    const cut = fc
      .tuple(fc.nat(known.length - 1), fc.integer({ min: 1, max: 600 }))
      .map(([from, length]) => known.slice(from, from + length));
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    const verb = fc.constantFrom('CHECK', 'PROCESS', 'HEADERS', 'REPORT_IFSPAM', 'TELL', 'PING', 'SKIP');
    const head = fc.constantFrom('\r\n', '\n', `${JULIET}\r\n`, 'Content-length: 40\r\n\r\n', '');
    const input = fc.tuple(verb, head, fc.array(fc.oneof(cut, noise), { maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(input, fc.boolean(), async ([name, start, pieces], isBare) => {
        const bytes = (isBare ? '' : `${name} SPAMC/1.5\r\n${start}`) + pieces.join('');
        const said = await exchange(daemon.unixPath, bytes);
        assert.match(said, isBare ? /^(SPAMD|PNP)\/|^$/ : /^SPAMD\/1\.[015] [0-9]+ |^$/);
      }),
      { numRuns: 400, seed: 20_261_121 },
    );
    assert.equal(await exchange(daemon.unixPath, spamc('CHECK', SPAM_STANZA)), `${OK}${SPAM}\r\n\r\n`);
    assert.equal(daemon.child.exitCode, null);
    assert.doesNotMatch(daemon.log(), /"level":50/);
  });
});
