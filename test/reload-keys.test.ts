import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encodeRequest, PnpClient, type StanzaFacts } from '../clients/node/pnp-client.ts';
import { describeKeys } from '../src/config/key-path.ts';
import { schema } from '../src/config/schema.ts';
import { scoreOptions } from '../src/pipeline/options.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { chat, madeUp } from './stanzas.ts';
import { until } from './until.ts';

/**
 * Every key of the schema: marked for a restart, or shown here to have its effect by a reload of the real daemon. A row sets
 * the key, looks, sets it otherwise, and looks again.
 */
interface Row {
  /** In TOML. */
  readonly from: string;
  readonly to: string;
  /** Other keys, for both. */
  readonly with?: string;
  /** Is told the value in force. */
  readonly look: (value: string) => Promise<string | number>;
  readonly sees: readonly [before: string | RegExp, after: string | RegExp] | 'less' | 'more';
}

const JULIET = 'juliet@capulet.example';
const DAY_MS = 86_400_000;
const SPAM = chat(madeUp('spam', 77));
const HAM = chat(madeUp('ham', 77));
const UNKNOWN = chat('qwertyuiop asdfghjkl');
const REPORTED = chat('zyxwvut srqponm lkjihgf edcbazy vutsrq ponmlkj ihgfedc');
const TEST_STANZA = chat('PROVIDENCE-TEST-SPAM-7c3f1e9a52d84b06a1e5f0936bd2c847');
const SECURE = { to: JULIET, peerTLS: 'TLSv1.3', peerAuth: 'external' } as const;
const CLEAR = { to: JULIET, peerTLS: 'none', peerAuth: 'dialback' } as const;

const dir = mkdtempSync(join(tmpdir(), 'pv-keys-'));
const path = join(dir, 'providence.toml');
const clock = join(dir, 'clock');
let daemon: DaemonProcess;
let base: string;
let operator: PnpClient;
let senders = 0;
let aheadMs = 0;

before(async () => {
  await start();
  base = readFileSync(path, 'utf8');
  const lessons = Array.from({ length: 30 }, (_, number) => [
    operator.tell({ label: 'spam', stanza: chat(madeUp('spam', number)) }),
    operator.tell({ label: 'ham', stanza: chat(madeUp('ham', number)) }),
    operator.tell({ label: 'spam', stanza: chat(madeUp('spam', 100 + number)), reporter: JULIET }),
    operator.tell({ label: 'ham', stanza: chat(madeUp('ham', 100 + number)), reporter: JULIET }),
  ]);
  await Promise.all(lessons.flat());
});
after(async () => {
  operator.close();
  if (daemon.child.exitCode === null) await daemon.stop();
  rmSync(dir, { recursive: true });
});

async function start(): Promise<void> {
  const ahead = join(import.meta.dirname, 'shifted-clock.js');
  daemon = await startDaemon({ dir, nodeOptions: ['--import', ahead], env: { TEST_CLOCK_AHEAD: clock } });
  operator = new PnpClient({ path: daemon.adminPath, timeoutMs: 30_000 });
}

/** Puts lines in force; `linear.server`, which is fitted when it likes, is heard only where they are about it. */
async function configure(lines: string): Promise<readonly string[]> {
  const quiet = lines.includes('linear.server.') ? '' : 'linear.server.weight = 0';
  writeFileSync(path, `${base}\n${quiet}\n${lines}\n`);
  return (await operator.reload()).changed;
}

function pass(milliseconds: number): void {
  aheadMs += milliseconds;
  writeFileSync(clock, String(aheadMs));
}

/** One that has not written before. */
function freshSender(): string {
  senders += 1;
  return `sender${senders}@one.example`;
}

/** The stanza from somebody new, unless the facts say from whom. */
async function symbols(stanza: string, facts: StanzaFacts = { to: JULIET }) {
  const from = facts.from ?? freshSender();
  return operator.symbols(stanza.replace(/from='[^']*'/, `from='${from}'`), facts);
}

const lineOf = async (unit: string, stanza: string, facts?: StanzaFacts) => {
  const { answer } = await symbols(stanza, facts);
  return new RegExp(`^.* ${unit} .*$`, 'm').exec(answer.body.toString())?.[0].trim() ?? '';
};
const points = async (stanza: string, facts?: StanzaFacts) => (await symbols(stanza, facts)).score;
const threshold = async () => (await symbols(UNKNOWN)).threshold;

/** `count` stanzas of one sender, each to somebody else; what `karma.jid_rate` says of the last. */
async function flood(count: number, from = freshSender()): Promise<{ line: string; score: number }> {
  for (let number = 0; number < count; number += 1)
    await operator.check(chat('hello', from), { to: `user${number}@capulet.example` });
  const { answer, score } = await operator.symbols(chat('hello', from), { to: JULIET });
  return { line: /^.* karma\.jid_rate .*$/m.exec(answer.body.toString())?.[0].trim() ?? '', score };
}

const field = (line: string, name: string) => Number(new RegExp(` ${name}=([\\d.]+)`).exec(line)?.[1] ?? 0);

const announced = (name: string) => async () => {
  const client = new PnpClient({ path: daemon.unixPath });
  const { limits } = await client.hello();
  client.close();
  return limits.get(name) ?? 0;
};

/** How many hosts more have a table of their own once a user of a new one has reported something. */
async function newHosts(): Promise<number> {
  const before = await gauge('providence_hosts');
  const [name] = freshSender().split('@');
  await operator.tell({ label: 'spam', stanza: chat(freshWords()), reporter: `juliet@${name}.example` });
  return (await gauge('providence_hosts')) - before;
}

/** Words that nobody has said before. */
function freshWords(): string {
  const digits = /\d+/.exec(freshSender())![0];
  const letters = digits.replace(/\d/g, (digit) => 'qzxjkvwyfb'[Number(digit)]!);
  return Array.from('aeiou', (vowel) => `m${vowel}n${letters}`).join(' ');
}

/** Log-odds that the table of all gives to words which two new users have just reported so many times. */
const reportsOfTwo = (times: number) => async () => {
  const words = freshWords();
  for (const reporter of [freshSender(), freshSender()])
    for (let time = 0; time < times; time += 1)
      await operator.tell({ label: 'spam', stanza: chat(`${words} ${'again '.repeat(time)}`), reporter });
  return field(await lineOf('bayes.server', chat(words)), 'z');
};

async function open(): Promise<Socket> {
  const socket = connect({ path: daemon.adminPath, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

/** What comes back for bytes sent in one piece. */
async function answersTo(bytes: string | Buffer): Promise<string> {
  const socket = await open();
  socket.end(bytes);
  let said = '';
  for await (const chunk of socket) said += chunk;
  return said;
}

const pings = (count: number) => 'PING PNP/1.0\r\nContent-Length: 0\r\n\r\n'.repeat(count);

/** Hits of a unit's cache while the same stanza comes four times. */
const kept = (unit: string) => async () => {
  const name = `providence_cache_lookups_total{filter="${unit}",result="hit"}`;
  const hits = async () => (await operator.stats()).get(name) ?? 0;
  const before = await hits();
  const from = freshSender();
  const stanza = chat(madeUp('spam', 500 + senders));
  for (let sight = 0; sight < 4; sight += 1) await symbols(stanza, { ...SECURE, from });
  return (await hits()) > before ? 'kept' : 'judged anew';
};

/** Lessons that `linear.server` is fitted to. */
const fittedTo = async () => (await operator.stats()).get('providence_linear_lessons') ?? 0;

/** What `linear.server` says once it is fitted, or why it is not. */
async function linearLine(): Promise<string> {
  for (;;) {
    const line = await lineOf('linear.server', SPAM);
    if (!line.includes(' pending')) return line;
  }
}

/** Level of a bucket some time after it was filled. */
const drained = (name: 'stanzas' | 'recipients', ms: number) => async () => {
  const from = freshSender();
  await flood(20, from);
  pass(ms);
  return field((await flood(0, from)).line, name);
};

const events = async () => (await operator.hello()).events.join(' ');

/** What the last of three samples of talk between a new user and a contact is answered with. */
async function thirdSample(): Promise<string> {
  const user = freshSender().replace('one.example', 'capulet.example');
  let said = '';
  for (let number = 0; number < 3; number += 1) {
    const stanza = chat(`ordinary talk ${number}`, 'romeo@montague.example');
    const { unchanged } = await operator.observe({ event: 'sample', user, stanza });
    said = unchanged ?? 'learnt';
  }
  return said;
}
/** What `bayes.reported` says of a text that Juliet has just reported, or reported again. */
const reported = async ({ to = JULIET, afterMs = 0 } = {}) => {
  await operator.tell({ label: 'spam', stanza: REPORTED, reporter: JULIET });
  pass(afterMs);
  return lineOf('bayes.reported', REPORTED, { to });
};

const ALLOW_ONE = 'karma.jid_rate.stanzas_burst = 1\nkarma.jid_rate.recipients_burst = 1';

const ROWS: Readonly<Record<string, Row>> = {
  'limits.head_bytes_max': {
    from: '16384',
    to: '20000',
    look: announced('Head-Bytes-Max'),
    sees: ['16384', '20000'],
  },
  'limits.headers_max': { from: '64', to: '32', look: announced('Headers-Max'), sees: ['64', '32'] },
  'limits.body_bytes_max': {
    from: '262144',
    to: '1024',
    look: announced('Body-Bytes-Max'),
    sees: ['262144', '1024'],
  },
  'limits.in_flight_max': { from: '1024', to: '7', look: announced('In-Flight-Max'), sees: ['1024', '7'] },
  'limits.idle_seconds_max': {
    from: '3600',
    to: '60',
    look: announced('Idle-Seconds-Max'),
    sees: ['3600', '60'],
  },
  'limits.head_seconds_max': {
    from: '30',
    to: '60',
    look: announced('Head-Seconds-Max'),
    sees: ['30', '60'],
  },
  'limits.queue_requests_max': {
    from: '16384',
    to: '1',
    look: async () => (await answersTo(pings(20))).match(/queue-full/g)?.length ?? 0,
    sees: 'more',
  },
  'limits.shed_ms': {
    from: '60000',
    to: '1',
    look: async () => {
      const call = encodeRequest({ verb: 'CHECK', headers: { To: JULIET }, body: Buffer.from(SPAM) });
      const said = await answersTo(Buffer.concat(Array.from({ length: 1_000 }, () => call)));
      return said.includes('=overload') ? 'shed' : 'read';
    },
    sees: ['read', 'shed'],
  },
  'limits.connections_max': {
    from: '4096',
    to: '1',
    look: async () => (await answersTo(pings(1))).split('\r\n', 1)[0] ?? '',
    sees: ['PNP/1.0 0 EX_OK', 'PNP/1.0 75 EX_TEMPFAIL'],
  },
  'limits.write_seconds_max': {
    from: '3600',
    to: '1',
    look: async () => {
      const socket = await open();
      socket.pause();
      socket.write(Buffer.concat(Array.from({ length: 500 }, () => encodeRequest({ verb: 'STATS' }))));
      const connections = async () => (await operator.stats()).get('providence_connections') ?? 0;
      const deadline = performance.now() + 3_000;
      while ((await connections()) > 1 && performance.now() < deadline);
      const isCut = (await connections()) === 1;
      socket.destroy();
      while ((await connections()) > 1);
      return isCut ? 'cut off' : 'waited for';
    },
    sees: ['waited for', 'cut off'],
  },
  'limits.auth_failures_per_minute': {
    from: '1000',
    to: '1',
    look: async () => {
      const headers = { Credential: 'nobody' };
      const auth = async () => {
        const client = new PnpClient({ host: '127.0.0.1', port: daemon.tcpPort });
        const { name } = await client.call('AUTH', headers, 'sixteen bytes or more');
        client.close();
        return name;
      };
      for (let failure = 0; failure < 5; failure += 1) await auth();
      return await auth();
    },
    sees: ['EX_NOPERM', 'EX_TEMPFAIL'],
  },
  'log.level': {
    from: '"info"',
    to: '"debug"',
    look: async () => {
      const before = daemon.log().length;
      const sentence = /"msg":"(?:verdict|lesson)"/;
      await operator.check(UNKNOWN, SECURE);
      // At `info` this one is logged, too: when it is there, the other would be.
      await operator.tell({ label: 'spam', stanza: chat(`marker ${before}`), reporter: JULIET });
      while (!daemon.log().slice(before).includes('"msg":"lesson"')) await new Promise(setImmediate);
      return sentence.exec(daemon.log().slice(before))?.[0] ?? '';
    },
    sees: ['"msg":"lesson"', '"msg":"verdict"'],
  },
  'store.undo_days': {
    from: '90',
    to: '1',
    look: async () => {
      const lesson = { stanza: chat(`something to regret ${aheadMs}`), reporter: JULIET };
      await operator.tell({ ...lesson, label: 'spam' });
      pass(3 * DAY_MS);
      const headers = { Remove: 'local', Reporter: JULIET };
      return (await operator.call('TELL', headers, lesson.stanza)).name;
    },
    sees: ['EX_OK', 'EX_NOINPUT'],
  },
  'store.checkpoint_seconds': {
    from: '3600',
    to: '1',
    // Lessons that the next start replays: those that no table on disk holds.
    look: async (value) => {
      const lessons = Array.from({ length: 20 }, (_, number) =>
        operator.tell({ label: 'spam', stanza: chat(`not yet ${value} ${number}`) }),
      );
      await Promise.all(lessons);
      if (value === '1') await new Promise((resolve) => setTimeout(resolve, 5_000));
      await daemon.kill();
      operator.close();
      const lines = readFileSync(path, 'utf8').replace(base, '');
      await start();
      await configure(lines);
      return Number(/"replayed":(\d+)/.exec(daemon.log())?.[1]);
    },
    sees: 'less',
  },
  'learn.replied': {
    from: 'true',
    to: 'false',
    look: events,
    sees: ['replied rostered released', 'rostered released'],
  },
  'learn.rostered': {
    from: 'true',
    to: 'false',
    look: events,
    sees: ['replied rostered released', 'replied released'],
  },
  'learn.released': {
    from: 'true',
    to: 'false',
    look: events,
    sees: ['replied rostered released', 'replied rostered'],
  },
  'learn.sender_days': {
    from: '365',
    to: '1',
    look: async () => {
      const from = freshSender();
      let said = '';
      for (const text of ['the first words', 'words of the day after tomorrow']) {
        await operator.check(chat(`${text} ${from}`, from), { to: JULIET });
        const { unchanged } = await operator.observe({ event: 'replied', from, user: JULIET });
        said = unchanged ?? 'learnt';
        pass(2 * DAY_MS);
      }
      return said;
    },
    sees: ['already-taught', 'learnt'],
  },
  'learn.contacts': {
    from: '"off"',
    to: '"sample"',
    look: events,
    sees: ['replied rostered released', 'replied rostered released sample'],
  },
  'learn.contact_samples_per_day': {
    with: 'learn.contacts = "sample"',
    from: '3',
    to: '2',
    look: thirdSample,
    sees: ['learnt', 'enough'],
  },
  'learn.contact_lessons_max': {
    with: 'learn.contacts = "sample"',
    from: '3',
    to: '2',
    look: thirdSample,
    sees: ['learnt', 'enough'],
  },
  'thresholds.spam': { from: '5', to: '6.5', look: threshold, sees: ['5', '6.5'] },
  'thresholds.ham': {
    from: '0',
    to: '-100',
    look: async () => (await symbols(HAM)).verdict,
    sees: ['ham', 'unsure'],
  },
  'actions.spam': {
    from: '"mark"',
    to: '"deliver"',
    look: async () => (await operator.check(TEST_STANZA)).action,
    sees: ['mark', 'deliver'],
  },
  'actions.unsure': {
    from: '"deliver"',
    to: '"mark"',
    look: async () => (await symbols(UNKNOWN)).action,
    sees: ['deliver', 'mark'],
  },
  'probability.slope': {
    from: '1',
    to: '2',
    look: async () => (await symbols(UNKNOWN)).probability ?? -1,
    sees: 'less',
  },
  'probability.midpoint': {
    from: '2.5',
    to: '0',
    look: async () => (await symbols(UNKNOWN)).probability ?? -1,
    sees: ['0.076', '0.5'],
  },
  'groups.bayes.cap_spam': { from: '9', to: '1', look: () => points(SPAM), sees: 'less' },
  'groups.bayes.cap_ham': { from: '4', to: '0.5', look: () => points(HAM), sees: 'more' },
  'groups.karma.cap_spam': { from: '7', to: '1', look: async () => (await flood(40)).score, sees: 'less' },
  'groups.karma_sender.cap_spam': {
    from: '60',
    to: '1',
    look: async () => (await flood(40)).score,
    sees: 'less',
  },
  'groups.auth.cap_spam': { from: '2', to: '0.2', look: () => points(UNKNOWN, CLEAR), sees: 'less' },
  'groups.auth.cap_ham': {
    with: 'auth.stream.weight = 100',
    from: '2',
    to: '0.2',
    look: () => points(UNKNOWN, SECURE),
    sees: 'more',
  },
  'groups.auth_tls.cap_spam': { from: '4', to: '0.2', look: () => points(UNKNOWN, CLEAR), sees: 'less' },
  'groups.auth_tls.cap_ham': {
    with: 'auth.stream.weight = 100',
    from: '4',
    to: '0.2',
    look: () => points(UNKNOWN, SECURE),
    sees: 'more',
  },
  'groups.reported.cap_spam': {
    from: '30',
    to: '1',
    look: async () => {
      await reported();
      return points(REPORTED);
    },
    sees: 'less',
  },
  'bayes.reported.weight': { from: '60', to: '7', look: () => reported(), sees: [/ 60 59\.4/, / 7 6\.93/] },
  'bayes.reported.days': {
    from: '30',
    to: '2',
    look: () => reported({ afterMs: 3 * DAY_MS }),
    sees: [/^REPORTED_BEFORE .* by=you days=3$/, /abstained not-reported/],
  },
  'bayes.reported.reporters_min': {
    from: '1',
    to: '2',
    look: () => reported({ to: 'romeo@capulet.example' }),
    sees: [/^REPORTED_BEFORE .* by=1 days=0$/, /abstained not-reported/],
  },
  'bayes.server.weight': {
    from: '20',
    to: '7',
    look: () => lineOf('bayes.server', SPAM),
    sees: [/ 20 [\d.]+ tokens=/, / 7 [\d.]+ tokens=/],
  },
  'bayes.server.lessons_min': {
    from: '20',
    to: '1000',
    look: () => lineOf('bayes.server', SPAM),
    sees: [/^BAYES_SERVER/, /abstained untrained/],
  },
  'bayes.server.tokens_min': {
    from: '2',
    to: '64',
    look: () => lineOf('bayes.server', SPAM),
    sees: [/^BAYES_SERVER/, /abstained too-few-tokens/],
  },
  'bayes.server.scope': { from: '"daemon"', to: '"virtualhost"', look: newHosts, sees: 'more' },
  'bayes.server.hosts_max': {
    from: '4096',
    to: '1',
    with: 'bayes.server.scope = "virtualhost"',
    look: newHosts,
    sees: 'less',
  },
  'bayes.server.reporter_lessons_per_day': { from: '10', to: '0', look: reportsOfTwo(1), sees: 'less' },
  'bayes.server.reporter_lessons_whole': { from: '1000', to: '1', look: reportsOfTwo(5), sees: 'less' },
  'bayes.server.reporter_lessons_max': { from: '100', to: '0', look: reportsOfTwo(1), sees: 'less' },
  'bayes.user.weight': {
    from: '20',
    to: '7',
    look: () => lineOf('bayes.user', SPAM),
    sees: [/ 20 -?[\d.]+ tokens=/, / 7 -?[\d.]+ tokens=/],
  },
  'bayes.user.lessons_min': {
    from: '5',
    to: '1000',
    look: () => lineOf('bayes.user', SPAM),
    sees: [/^BAYES_USER/, /abstained untrained/],
  },
  'linear.server.weight': {
    from: '120',
    to: '7',
    look: linearLine,
    sees: [/ 120 -?[\d.]+ known=/, / 7 -?[\d.]+ known=/],
  },
  'linear.server.lessons_min': {
    from: '20',
    to: '1000',
    look: linearLine,
    sees: [/^LINEAR_SERVER/, /abstained untrained/],
  },
  'linear.server.lessons_max': {
    from: '20000',
    to: '100',
    with: 'linear.server.fit_seconds = 1',
    look: async (value) => {
      while (value === '100' ? (await fittedTo()) > 100 : (await fittedTo()) <= 100);
      return await fittedTo();
    },
    sees: 'less',
  },
  'linear.server.fit_seconds': {
    from: '86400',
    to: '1',
    look: async (value) => {
      await linearLine();
      const before = await fittedTo();
      await operator.tell({ label: 'spam', stanza: chat(`a lesson for the fit ${value}`) });
      const deadline = performance.now() + (value === '1' ? 60_000 : 3_000);
      while ((await fittedTo()) === before && performance.now() < deadline);
      return (await fittedTo()) === before ? 'waits' : 'fitted';
    },
    sees: ['waits', 'fitted'],
  },
  'karma.jid_rate.weight': {
    from: '40',
    to: '7',
    look: async () => (await flood(40)).line,
    sees: [/ 40 [\d.]+ stanzas=/, / 7 [\d.]+ stanzas=/],
  },
  'karma.jid_rate.stanzas_burst': {
    from: '60',
    to: '1',
    with: 'karma.jid_rate.recipients_burst = 10000',
    look: async () => field((await flood(10)).line, 'stanzas'),
    sees: 'more',
  },
  'karma.jid_rate.stanzas_per_minute': {
    from: '20',
    to: '0.01',
    with: 'karma.jid_rate.stanzas_burst = 1',
    look: drained('stanzas', 60_000),
    sees: 'more',
  },
  'karma.jid_rate.recipients_burst': {
    from: '10000',
    to: '1',
    look: async () => field((await flood(10)).line, 'recipients'),
    sees: 'more',
  },
  'karma.jid_rate.recipients_per_hour': {
    from: '10',
    to: '0.01',
    with: 'karma.jid_rate.recipients_burst = 1',
    look: drained('recipients', 3_600_000),
    sees: 'more',
  },
  'karma.jid_rate.half_score_ratio': {
    from: '4',
    to: '100',
    with: ALLOW_ONE,
    look: async () => Number((await flood(20)).line.split(' ')[2]),
    sees: 'less',
  },
  'auth.stream.weight': {
    from: '2',
    to: '7',
    look: () => lineOf('auth.stream', UNKNOWN, SECURE),
    sees: [/ 2 -0\.1/, / 7 -0\.35/],
  },
  'cache.bayes.server.ttl_seconds': {
    from: '3600',
    to: '0',
    look: kept('bayes.server'),
    sees: ['kept', 'judged anew'],
  },
  'cache.bayes.user.ttl_seconds': {
    from: '0',
    to: '3600',
    look: kept('bayes.user'),
    sees: ['judged anew', 'kept'],
  },
  'cache.bayes.reported.ttl_seconds': {
    from: '0',
    to: '3600',
    look: kept('bayes.reported'),
    sees: ['judged anew', 'kept'],
  },
  'cache.linear.server.ttl_seconds': {
    from: '0',
    to: '3600',
    look: async () => {
      await linearLine();
      return await kept('linear.server')();
    },
    sees: ['judged anew', 'kept'],
  },
  'cache.karma.jid_rate.ttl_seconds': {
    from: '0',
    to: '3600',
    look: kept('karma.jid_rate'),
    sees: ['judged anew', 'kept'],
  },
  'cache.auth.stream.ttl_seconds': {
    from: '0',
    to: '3600',
    look: kept('auth.stream'),
    sees: ['judged anew', 'kept'],
  },
  'traces.days': {
    from: '7',
    to: '1',
    look: async () => {
      const { trace } = await operator.check(chat(`to be traced ${aheadMs}`), { to: JULIET });
      pass(2 * DAY_MS);
      const headers = { Trace: trace ?? '', Reporter: JULIET, 'Message-Class': 'spam', Set: 'local' };
      return (await operator.call('TELL', headers)).name;
    },
    sees: ['EX_OK', 'EX_NOINPUT'],
  },
  'traces.bytes_max': {
    from: '268435456',
    to: '1048576',
    look: async (value) => {
      const size = async () => (await operator.stats()).get('providence_trace_bytes') ?? 0;
      const words = Array.from({ length: 160 }, (_, word) => `word${word}`).join(' ');
      const isThere = (bytes: number) => (value === '1048576' ? bytes < 1_200_000 : bytes > 2_000_000);
      for (let round = 0; !isThere(await size()) && round < 60; round += 1) {
        const texts = Array.from({ length: 100 }, (_, number) => chat(`${words} ${round} ${number}`));
        await Promise.all(texts.map((text) => operator.check(text, SECURE)));
      }
      return await size();
    },
    sees: 'less',
  },
  // Last, since they take away what the others were taught.
  'bayes.user.unused_days': {
    from: '0',
    to: '1',
    look: aged({
      off: '0',
      gauge: 'providence_users_forgotten',
      act: async () => {
        // Others may be forgotten meanwhile.
        const known = async () =>
          (await gauge('providence_users')) + (await gauge('providence_users_forgotten'));
        const before = await known();
        await operator.check(UNKNOWN, { to: `fresh${aheadMs}@capulet.example` });
        await until(async () => (await known()) > before);
        pass(3 * DAY_MS);
      },
    }),
    sees: 'more',
  },
  'store.user_lesson_days': {
    from: '0',
    to: '91',
    look: aged({ off: '0', act: () => teachAndPass(JULIET, 92) }),
    sees: 'more',
  },
  'store.operator_lesson_days': {
    from: '0',
    to: '91',
    look: aged({ off: '0', act: () => teachAndPass(undefined, 92) }),
    sees: 'more',
  },
  'bayes.user.lessons_max': {
    from: '100000',
    to: '10',
    with: 'store.user_lesson_days = 0',
    look: aged({ off: '100000', act: () => teachAndPass(JULIET, 1, 20) }),
    sees: 'more',
  },
  'store.lessons_bytes_max': {
    from: '4294967296',
    to: '1048576',
    with: 'store.user_lesson_days = 0',
    look: aged({
      off: '4294967296',
      act: async () => {
        const words = Array.from({ length: 160 }, (_, word) => `word${word}`).join(' ');
        await teachAndPass(JULIET, 1, 400, words);
      },
    }),
    sees: 'more',
  },
};

/** Keys whose effect nothing can show yet, held against what the score is made with. */
const NOT_TO_BE_SEEN = [
  // No unit of `karma` speaks for ham.
  'groups.karma.cap_ham',
  'groups.karma_sender.cap_ham',
  // There is no unit of `pow` yet.
  'groups.pow.cap_spam',
  'groups.pow.cap_ham',
];

/** Keys with a test of their own: below, and in `test/tls.test.ts`. */
const ELSEWHERE = [
  ...['limits.drain_seconds_max', 'limits.handshake_seconds_max', 'limits.unproven_connections_max'],
  'credentials',
];

function seen(sees: Row['sees'], [before, after]: readonly [string | number, string | number]): void {
  if (sees === 'less') assert.ok(after < before, `${after} < ${before}`);
  else if (sees === 'more') assert.ok(after > before, `${after} > ${before}`);
  else {
    for (const [index, value] of [String(before), String(after)].entries()) {
      const expected = sees[index] as string | RegExp;
      if (typeof expected === 'string') assert.equal(value, expected);
      else assert.match(value, expected);
    }
  }
}

/** How much a gauge grows by what `act` does. Where the key is off nothing is to come, so that is waited for a while only. */
function aged(on: {
  readonly off: string;
  readonly act: () => Promise<void>;
  readonly gauge?: string;
}): Row['look'] {
  const name = on.gauge ?? 'providence_lessons_aged';
  return async (value) => {
    const before = await gauge(name);
    await on.act();
    if (value === on.off) await new Promise((resolve) => setTimeout(resolve, 1_500));
    else await until(async () => (await gauge(name)) > before);
    return (await gauge(name)) - before;
  };
}

async function gauge(name: string): Promise<number> {
  return (await operator.stats()).get(name) ?? 0;
}

async function teachAndPass(
  reporter: string | undefined,
  days: number,
  count = 2,
  words = '',
): Promise<void> {
  const lessons = Array.from({ length: count }, (_, number) =>
    operator.tell({ label: 'spam', stanza: chat(`grows old ${aheadMs} ${number} ${words}`), reporter }),
  );
  await Promise.all(lessons);
  pass(days * DAY_MS);
}

describe('each key of the schema', () => {
  it('is marked for a restart, or has a row here', () => {
    const reloadable = describeKeys().filter(({ restart }) => !restart);
    const shown = [...Object.keys(ROWS), ...NOT_TO_BE_SEEN, ...ELSEWHERE];
    assert.deepEqual(shown.sort(), reloadable.map(({ key }) => key).sort());
  });

  for (const [key, row] of Object.entries(ROWS)) {
    it(`${key} has its effect by a reload`, async () => {
      await configure(`${key} = ${row.from}\n${row.with ?? ''}`);
      const before = await row.look(row.from);
      const changed = await configure(`${key} = ${row.to}\n${row.with ?? ''}`);
      assert.deepEqual(changed, [key]);
      const afterwards = await row.look(row.to);
      await configure('');
      seen(row.sees, [before, afterwards]);
    });
  }

  for (const key of NOT_TO_BE_SEEN) {
    it(`${key} is in what the score is made with, though no opinion can show it`, async () => {
      const tree = key.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), 0.125);
      assert.notDeepEqual(scoreOptions(schema.parse(tree)), scoreOptions(schema.parse({})));
      assert.deepEqual(await configure(`${key} = 0.125`), [key]);
      assert.deepEqual(await configure(''), [key]);
    });
  }

  it('limits.drain_seconds_max has its effect by a reload', async () => {
    await configure('limits.drain_seconds_max = 600');
    assert.deepEqual(await configure('limits.drain_seconds_max = 0'), ['limits.drain_seconds_max']);
    const socket = await open();
    socket.pause();
    socket.write(Buffer.concat(Array.from({ length: 500 }, () => encodeRequest({ verb: 'STATS' }))));
    await operator.ping();
    operator.close();
    // With 600 s this client, who takes no answer, would hold the stop up until the test's own time is over.
    assert.equal(await daemon.stop(), 0);
    socket.destroy();
  });
});
