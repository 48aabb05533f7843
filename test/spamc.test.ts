import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { HAM_TEXT, SPAM_STANZA, TEST_LINE } from './spamd-exchange.ts';

const SPAM_MAIL = `From: a@spam.example\nSubject: hi\n\n${TEST_LINE}\n`;
const HAM_MAIL = `From: a@ham.example\nSubject: tea\n\n${HAM_TEXT}`;
/** Two empty lines in it: spamc cuts messages at the first one. */
const STANZA_IN_LINES = `<message><body>${TEST_LINE}\n\nand\n\nmore</body></message>`;
const REPORT = `5.0/5.0\nVerdict spam: 5.0 of 5.0 points, probability 1.000, action mark.\nTEST_STANZA: the test line: always spam, teaches nothing.\n`;
const MARKED = `X-Spam-Checker-Version: Providence 0.1.0\nX-Spam-Flag: YES\nX-Spam-Level: *****\nX-Spam-Status: Yes, score=5.0 required=5.0 tests=TEST_STANZA\n\tautolearn=no version=0.1.0\n`;
const LEARNT = 'Message successfully un/learned\n';
const KNOWN = 'Message was already un/learned\n';
const JULIET = '-u juliet@capulet.example';

/** Options of spamc, its standard input, what it prints and its exit code; in this order. */
const RUNS: readonly (readonly [options: string, input: string, said: string | RegExp, exit: number])[] = [
  ['-c', SPAM_STANZA, '5.0/5.0\n', 1],
  ['-c', HAM_MAIL, '0.0/5.0\n', 0],
  ['-R', SPAM_STANZA, REPORT, 0],
  ['-R', HAM_TEXT, /^0\.0\/5\.0\nVerdict unsure: [^\r]*abstains[^\r]*\n$/, 0],
  ['-R -E', SPAM_STANZA, REPORT, 1],
  // It reads the `Yes` of spamd's REPORT_IFSPAM as no verdict, and leaves the points out.
  ['-r', SPAM_STANZA, REPORT.slice(REPORT.indexOf('\n') + 1), 0],
  ['-r', HAM_TEXT, '', 0],
  ['-y', SPAM_STANZA, 'TEST_STANZA', 0],
  ['-y', HAM_TEXT, '', 0],
  ['', SPAM_STANZA, SPAM_STANZA, 0],
  ['', HAM_TEXT, HAM_TEXT, 0],
  ['', SPAM_MAIL, `${MARKED}${SPAM_MAIL}`, 0],
  ['-E', SPAM_MAIL, `${MARKED}${SPAM_MAIL}`, 1],
  ['-E', HAM_TEXT, HAM_TEXT, 0],
  ['--headers', SPAM_MAIL, `${MARKED}${SPAM_MAIL}`, 0],
  ['--headers', STANZA_IN_LINES, STANZA_IN_LINES, 0],
  ['--headers', HAM_TEXT, HAM_TEXT, 0],
  ['-K', '', 'SPAMD/1.5 0\n', 0],
  ['-x', '<message>', '', 74],
  ['', '<message>', '<message>', 0],
  [`${JULIET} -R`, HAM_TEXT, /bayes\.user +abstains: not enough lessons/, 0],
];

/** In order, for listeners with the right to learn; all is forgotten at the end. On loopback the default has none. */
const LESSONS: typeof RUNS = [
  [`${JULIET} -L spam`, HAM_TEXT, LEARNT, 0],
  [`${JULIET} -L spam`, HAM_TEXT, KNOWN, 0],
  [`${JULIET} -L ham`, HAM_TEXT, LEARNT, 0],
  [`${JULIET} -L forget`, HAM_TEXT, LEARNT, 0],
  [`${JULIET} -L forget`, HAM_TEXT, KNOWN, 0],
  [`${JULIET} -L spam`, SPAM_STANZA, KNOWN, 0],
  ['-L spam', HAM_TEXT, '', 74],
];

function spamc(options: readonly string[], input: string) {
  // An empty file of options: those of the machine must not count.
  const args = ['-F', '/dev/null', ...options].filter((word) => word !== '');
  return spawnSync('spamc', args, { input, encoding: 'utf8', timeout: 30_000 });
}

const hasSpamc = spawnSync('spamc', ['-V']).status === 0;

describe("Debian's spamc", { skip: hasSpamc ? false : 'spamc is not installed' }, () => {
  let daemon: DaemonProcess;
  let places: Readonly<Record<string, readonly string[]>>;
  before(async () => {
    daemon = await startDaemon({
      access: 'listen.tcp = [{ port = 0 }, { port = 0, rights = ["check", "learn"] }]',
    });
    const port = (index: number) => ['-d', '127.0.0.1', '-p', `${daemon.tcpPorts[index]}`];
    places = {
      unix: ['-U', daemon.unixPath],
      admin: ['-U', daemon.adminPath],
      TCP: port(0),
      'TCP with learn': port(1),
    };
  });
  after(() => daemon.stop());

  const table: readonly (readonly [string, (typeof RUNS)[number]])[] = [
    ...['unix', 'TCP'].flatMap((place) => RUNS.map((run) => [place, run] as const)),
    ...['unix', 'TCP with learn'].flatMap((place) => LESSONS.map((run) => [place, run] as const)),
    ['admin', ['-L spam', HAM_TEXT, LEARNT, 0]],
    ['admin', ['-L forget', HAM_TEXT, LEARNT, 0]],
    ['TCP', [`${JULIET} -L spam`, HAM_TEXT, '', 74]],
  ];

  for (const [place, [options, input, said, exit]] of table) {
    it(`spamc ${options} on ${place}: ${JSON.stringify(input.slice(0, 24))}`, () => {
      const run = spamc([...(places[place] ?? []), ...options.split(' ')], input);
      if (typeof said === 'string') assert.equal(run.stdout, said);
      else assert.match(run.stdout, said);
      assert.equal(run.status, exit, run.stderr);
    });
  }

  it('hands back whole what is longer than the daemon takes', () => {
    const long = `Subject: x\n\n${'long words '.repeat(30_000)}\n`;
    assert.equal(spamc(['-U', daemon.unixPath], long).stdout, long);
  });

  it('is answered while others ask, too', async () => {
    const runs = Array.from({ length: 12 }, async () => {
      const child = spawn('spamc', ['-F', '/dev/null', '-U', daemon.unixPath, '-c'], { stdio: 'pipe' });
      child.stdin.end(SPAM_STANZA);
      const [code] = await once(child, 'close');
      return code as number;
    });
    assert.deepEqual(await Promise.all(runs), Array(12).fill(1));
  });
});

/** What is used of npm's spamc-stream, which has no types. */
interface SpamcStream {
  ping(callback: (error: Error | null, alive: boolean) => void): void;
  check(): Writable;
  symbols(): Writable;
  report(): Writable;
  reportIfSpam(): Writable;
  process(): Writable;
  headers(): Writable;
  spam(headers: object): Writable;
  ham(headers: object): Writable;
  forget(headers: object): Writable;
}
type SpamcStreamClass = new (host: string, port: number | string, seconds: number) => SpamcStream;

describe("npm's spamc-stream", () => {
  let daemon: DaemonProcess;
  let client: SpamcStream;
  /** On the socket that may teach: the library hands its port to Node, which takes a path there. */
  let teacher: SpamcStream;
  before(async () => {
    daemon = await startDaemon();
    const Client = createRequire(import.meta.url)('spamc-stream') as SpamcStreamClass;
    client = new Client('127.0.0.1', daemon.tcpPort, 15);
    teacher = new Client('', daemon.unixPath, 15);
  });
  after(() => daemon.stop());

  /** It answers by an event of the stream that the message was written to. */
  async function report(stream: Writable, message: string): Promise<Record<string, unknown>> {
    const told = once(stream, 'report');
    stream.end(message);
    const [result] = await told;
    return result as Record<string, unknown>;
  }

  const VERDICT = { responseCode: 0, responseMessage: 'EX_OK', isSpam: true, spamScore: 5, baseSpamScore: 5 };

  it('hears PONG', async () => {
    assert.equal(await new Promise((resolve) => client.ping((_, alive) => resolve(alive))), true);
  });

  it('checks', async () => {
    assert.deepEqual(await report(client.check(), SPAM_STANZA), VERDICT);
    assert.equal((await report(client.check(), HAM_TEXT))['isSpam'], false);
  });

  it('reads symbols and reports', async () => {
    for (const ask of ['symbols', 'report', 'reportIfSpam'] as const) {
      const told = await report(client[ask](), SPAM_STANZA);
      for (const [name, value] of Object.entries(VERDICT)) assert.equal(told[name], value, `${ask} ${name}`);
    }
    assert.equal((await report(client.reportIfSpam(), HAM_TEXT))['isSpam'], false);
  });

  it('has mail processed', async () => {
    const crlf = SPAM_MAIL.replaceAll('\n', '\r\n');
    assert.match(
      `${(await report(client.process(), crlf))['message']}`,
      /X-Spam-Flag: YES[\s\S]*Subject: hi/,
    );
    const headers = (await report(client.headers(), crlf))['headers'] as string[];
    assert.ok(headers.includes('X-Spam-Flag: YES'), headers.join('\n'));
  });

  it('teaches and forgets', async () => {
    const user = () => ({ User: 'juliet@capulet.example' });
    const told = [
      await report(teacher.spam(user()), HAM_TEXT),
      await report(teacher.ham(user()), HAM_TEXT),
      await report(teacher.forget(user()), HAM_TEXT),
      await report(teacher.forget(user()), HAM_TEXT),
    ];
    const did = told.map(({ responseCode, didSet = false, didRemove = false }) => [
      responseCode,
      didSet,
      didRemove,
    ]);
    assert.deepEqual(did, [
      [0, true, false],
      [0, true, false],
      [0, false, true],
      [0, false, false],
    ]);
  });
});
