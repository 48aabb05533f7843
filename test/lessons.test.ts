import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { runCli } from './cli-process.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { until } from './until.ts';

const MAIN = join(import.meta.dirname, '../src/main.js');

const DIR = mkdtempSync(join(tmpdir(), 'pv-lessons-'));
after(() => rmSync(DIR, { recursive: true }));

const SPAM = 12;
const HAM = 7;
const USER = 'juliet@capulet.example';
const stanza = (body: string) => `<message from='a@b.example'><body>${body}</body></message>`;
const text = (label: string, n: number) => `${label} word${n} common ${label}er`;

/** Teaches what all tests below count: of the operator, and of two users. */
async function teach(admin: PnpClient): Promise<void> {
  for (let n = 0; n < SPAM; n += 1)
    await admin.tell({
      label: 'spam',
      stanza: stanza(text('casino', n)),
      ...(n < 4 ? { reporter: USER } : {}),
    });
  for (let n = 0; n < HAM; n += 1)
    await admin.tell({
      label: 'ham',
      stanza: stanza(text('garden', n)),
      ...(n < 3 ? { reporter: `u${n}@a.example` } : {}),
    });
  await admin.tell({ label: 'spam', stanza: stanza('taken back again') });
  await admin.tell({ label: 'forget', stanza: stanza('taken back again') });
}

/** All that the tables know of a text, by the names of its features. */
const evidence = async (env: NodeJS.ProcessEnv) =>
  (await runCli(['tokens', '--json', '--to', USER], stanza(`${text('casino', 2)} ${text('garden', 1)}`), env))
    .stdout;

describe('providence bayes', () => {
  let daemon: DaemonProcess;
  let admin: PnpClient;
  let env: NodeJS.ProcessEnv;
  const path = join(DIR, 'lessons.dump');
  before(async () => {
    daemon = await startDaemon();
    env = { PROVIDENCE_CONFIG: join(daemon.dir, 'providence.toml') };
    admin = new PnpClient({ path: daemon.adminPath, timeoutMs: 10_000 });
    await teach(admin);
  });
  after(async () => {
    admin.close();
    await daemon.stop();
  });

  const bayes = (args: readonly string[], input = '', at = env) => runCli(['bayes', ...args], input, at);
  const stats = async (at = env) => JSON.parse((await bayes(['stats', '--json'], '', at)).stdout);

  it('stats counts lessons, tokens, users and sizes, in 80 columns', async () => {
    const { lessons, spam, ham, users, tokens, tokens_max, oldest_at, lesson_bytes } = await stats();
    assert.deepEqual({ lessons, spam, ham, users }, { lessons: SPAM + HAM, spam: SPAM, ham: HAM, users: 4 });
    assert.ok(tokens > 0 && tokens < tokens_max && lesson_bytes > 0);
    assert.ok(Date.now() - oldest_at < 600_000);
    const { stdout } = await bayes(['stats']);
    assert.match(stdout, /^lessons +19; in the table of all 12 of spam and 7 of ham; the oldest is 0 days/);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('dump writes a file for its owner alone, which says what it is worth and holds no word', async () => {
    writeFileSync(`${path}.part`, 'of another run, or of another user', { mode: 0o666 });
    const { code, stderr } = await bayes(['dump', path]);
    assert.deepEqual([code, /copied 19 lessons; without the daemon's secret/.test(stderr)], [0, true]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.ok(!existsSync(`${path}.part`));
    const dump = readFileSync(path, 'utf8');
    assert.match(dump, /WITHOUT THE SECRET .* WORTHLESS/);
    assert.match(dump, /\nend 19\n$/);
    const bytes = Buffer.concat(
      [...dump.matchAll(/^lesson (.*)$/gm)].map(([, line]) => Buffer.from(line!, 'base64')),
    );
    for (const word of ['casino', 'garden', 'common', 'juliet', 'capulet']) {
      assert.ok(!dump.includes(word), word);
      assert.ok(!bytes.includes(word), word);
    }
  });

  it('dump goes to standard output, too, and is the same', async () => {
    const { stdout } = await bayes(['dump', '-']);
    const body = (dump: string) => dump.slice(dump.indexOf('\nsecret '));
    assert.equal(body(stdout), body(readFileSync(path, 'utf8')));
  });

  it('restore changes nothing where all is there', async () => {
    const { stdout, code } = await bayes(['restore', path]);
    assert.deepEqual([stdout, code], ['Restored 0, unchanged 19, damaged 0.\n', 0]);
  });

  it('prune forgets the lessons of users, exactly, and restore brings them back', async () => {
    const known = await evidence(env);
    const pruned = await bayes(['prune', '--days', '0']);
    assert.match(pruned.stdout, /^Forgot 7 lessons of users from before \d{4}-\d\d-\d\d; 12 are left\.\n$/);
    const { lessons, spam, ham } = await stats();
    assert.deepEqual([lessons, spam, ham], [12, SPAM - 4, HAM - 3]);
    assert.notEqual(await evidence(env), known);
    const young = await bayes(['prune', '--before', '2020-02-03', '--all']);
    assert.equal(young.stdout, 'Forgot 0 lessons from before 2020-02-03; 12 are left.\n');
    assert.match((await bayes(['restore', path])).stdout, /^Restored 7, unchanged 12, damaged 0\./);
    assert.equal(await evidence(env), known);
    assert.match(
      (await bayes(['prune', '--days', '0', '--all'])).stdout,
      /^Forgot 19 lessons from .* 0 are left\./,
    );
    assert.equal((await stats()).tokens, 0);
    assert.match((await bayes(['restore', '-'], readFileSync(path, 'utf8'))).stdout, /^Restored 19,/);
    assert.equal(await evidence(env), known);
  });

  it('a lesson that was restored is undone by its user as ever', async () => {
    const again = await admin.tell({ label: 'spam', stanza: stanza(text('casino', 1)), reporter: USER });
    assert.equal(again.unchanged, 'already-taught');
    const lesson = { stanza: stanza(text('casino', 1)), reporter: USER };
    assert.equal((await admin.tell({ ...lesson, label: 'forget' })).didRemove, true);
    assert.match((await bayes(['restore', path])).stdout, /^Restored 1, unchanged 18,/);
  });

  describe('with another daemon', () => {
    let other: DaemonProcess;
    let there: NodeJS.ProcessEnv;
    const dir = join(DIR, 'other');
    const start = async () => {
      other = await startDaemon({ dir });
      there = { PROVIDENCE_CONFIG: join(dir, 'providence.toml') };
    };

    it('of the same secret, restore makes the same tables of an empty store', async () => {
      rmSync(dir, { recursive: true, force: true });
      mkdirSync(dir);
      copyFileSync(join(daemon.dir, 'secret'), join(dir, 'secret'));
      await start();
      assert.match(
        (await bayes(['restore', path], '', there)).stdout,
        /^Restored 19, unchanged 0, damaged 0\./,
      );
      assert.equal(await evidence(there), await evidence(env));
      await other.kill();
      await start();
      assert.equal(await evidence(there), await evidence(env), 'after a crash');
    });

    it('where a user has begun anew, the lessons of that user are of no use', async () => {
      await other.stop();
      rmSync(join(dir, 'store'), { recursive: true });
      await start();
      const client = new PnpClient({ path: other.adminPath, timeoutMs: 10_000 });
      await client.tell({ label: 'ham', stanza: stanza('something else'), reporter: USER });
      client.close();
      const { stdout } = await bayes(['restore', path], '', there);
      assert.match(stdout, /^Restored 15, unchanged 0, of users with another key 4, damaged 0\./);
    });

    it('where the XMPP server holds the key, lessons come back to a user who was met before them', async () => {
      const userKey = Buffer.alloc(32, 'held by the server');
      const keyed = join(DIR, 'keyed.dump');
      const asJuliet = async (ask: (client: PnpClient) => Promise<unknown>) => {
        const client = new PnpClient({ path: other.adminPath, timeoutMs: 10_000 });
        await ask(client);
        client.close();
      };
      const lesson = {
        label: 'ham',
        stanza: stanza('roses by the window'),
        reporter: USER,
        facts: { userKey },
      } as const;
      await other.stop();
      rmSync(join(dir, 'store'), { recursive: true });
      await start();
      await asJuliet((client) => client.tell(lesson));
      await bayes(['dump', keyed], '', there);
      await other.stop();
      rmSync(join(dir, 'store'), { recursive: true });
      await start();
      await asJuliet((client) => client.check(stanza('a first word'), { to: USER, userKey }));
      assert.match(
        (await bayes(['restore', keyed], '', there)).stdout,
        /^Restored 1, unchanged 0, damaged 0/,
      );
      await asJuliet(async (client) => assert.equal((await client.tell(lesson)).unchanged, 'already-taught'));
    });

    it('of another secret, restore is refused', async () => {
      await other.stop();
      rmSync(dir, { recursive: true });
      mkdirSync(dir);
      await start();
      const { code, stderr } = await bayes(['restore', path], '', there);
      assert.deepEqual([code, /other-secret/.test(stderr)], [65, true]);
      assert.equal((await stats(there)).lessons, 0);
      await other.stop();
    });
  });

  it('restore says what is wrong with a file, and takes what is sound', async () => {
    const dump = readFileSync(path, 'utf8');
    const lines = dump.split('\n');
    const first = lines.findIndex((line) => line.startsWith('lesson '));
    const broken = lines
      .with(first, `${lines[first]!.slice(0, 60)}AAAA${lines[first]!.slice(64)}`)
      .join('\n');
    const CASES: readonly (readonly [name: string, content: string, code: number, said: RegExp])[] = [
      ['damaged', broken, 65, /some of it is damaged/],
      ['cut off', lines.slice(0, -4).join('\n'), 65, /ends before its end/],
      ['short by one', lines.filter((_, index) => index !== first).join('\n'), 65, /ends before its end/],
      ['no dump', 'spam\ten\tbuy now\n', 65, /line 1 is none of a dump/],
      ['no secret', dump.replace(/^secret .*\n/m, ''), 65, /"secret" is missing/],
      ['another schema', dump.replace(/^schema .*$/m, 'schema 1'), 65, /other-schema/],
      ['no base64', dump.replace(/^lesson ..../m, 'lesson !!!!'), 65, /some of it is damaged/],
      ['a long line', dump.replace(/^lesson ..../m, `lesson ${'A'.repeat(300_000)}`), 65, /is damaged/],
      ['a longer one', dump.replace(/^lesson ..../m, `lesson ${'A'.repeat(10_000_000)}`), 65, /longer than/],
    ];
    for (const [name, content, expected, said] of CASES) {
      const file = join(DIR, 'broken.dump');
      writeFileSync(file, content);
      const { code, stderr } = await bayes(['restore', file]);
      assert.deepEqual([code, said.test(stderr)], [expected, true], `${name}: ${stderr}`);
    }
    assert.equal((await bayes(['restore', join(DIR, 'none.dump')])).code, 66);
    assert.equal((await stats()).lessons, SPAM + HAM);
  });

  it('prune wants to know how old, in words that are one', async () => {
    for (const args of [[], ['--before', 'yesterday'], ['--before', '2026-13-01'], ['--days', '-1']])
      assert.equal((await bayes(['prune', ...args])).code, 64, args.join(' '));
  });

  it('is for the operator alone', async () => {
    const { code, stderr } = await bayes(['stats', '--socket', daemon.unixPath]);
    assert.deepEqual([code, /LESSONS is not allowed here/.test(stderr)], [77, true]);
  });
});

describe('providence bayes where no daemon runs', () => {
  const dir = join(DIR, 'alone');
  const env = { PROVIDENCE_CONFIG: join(dir, 'providence.toml') };
  const path = join(DIR, 'alone.dump');
  const bayes = (args: readonly string[]) => runCli(['bayes', ...args], '', env);
  before(async () => {
    mkdirSync(dir);
    const daemon = await startDaemon({ dir });
    const admin = new PnpClient({ path: daemon.adminPath, timeoutMs: 10_000 });
    await teach(admin);
    admin.close();
    await daemon.stop();
  });

  it('opens the store itself, for all that a daemon would do', async () => {
    const { stdout, stderr } = await bayes(['stats']);
    assert.match(stdout, /^lessons +19;/);
    assert.match(stderr, /no daemon runs; this is the store in .*store itself/);
    assert.equal((await bayes(['dump', path])).code, 0);
    assert.match((await bayes(['prune', '--days', '0', '--all'])).stdout, /^Forgot 19 /);
    assert.match((await bayes(['stats'])).stdout, /^lessons +0;/);
    rmSync(join(dir, 'store'), { recursive: true });
    assert.match((await bayes(['restore', path])).stdout, /^Restored 19,/);
    assert.match((await bayes(['stats'])).stdout, /^lessons +19;/);
  });

  it('makes no store and no secret where there is none to look at', async () => {
    rmSync(join(dir, 'store'), { recursive: true });
    for (const args of [['stats'], ['dump', path], ['prune', '--days', '0']]) {
      const { code, stderr } = await bayes(args);
      assert.deepEqual([code, /no store in/.test(stderr)], [66, true], stderr);
    }
    rmSync(join(dir, 'secret'));
    assert.equal((await bayes(['restore', path])).code, 69);
    assert.ok(!existsSync(join(dir, 'store')) && !existsSync(join(dir, 'secret')));
  });

  describe('train', () => {
    const here = join(DIR, 'trained');
    const own = { PROVIDENCE_CONFIG: join(here, 'providence.toml') };
    const corpus = join(DIR, 'corpus.tsv');
    const rows = Array.from({ length: 700 }, (_, n) => {
      const label = n % 3 === 0 ? 'spam' : 'ham';
      return `${label}\ten\t${text(label, n)} & <b>\\n\\t${n}`;
    });
    const train = (file: string) => runCli(['train', file], '', own);
    before(async () => {
      mkdirSync(here);
      writeFileSync(
        corpus,
        [...rows, 'ham\ten\tsaid twice', 'spam\ten\tsaid twice', 'ham\ten\t \n'].join('\n'),
      );
      await (await startDaemon({ dir: here })).stop();
    });

    it('teaches what the daemon would: it finds nothing new in the same file', async () => {
      const first = await train(corpus);
      assert.match(first.stdout, /^Taught 702, unchanged 1, refused 0 /, first.stderr);
      assert.match((await train(corpus)).stdout, /^Taught 2, unchanged 701, refused 0 /);
      const daemon = await startDaemon({ dir: here });
      const client = new PnpClient({ path: daemon.adminPath, timeoutMs: 10_000 });
      const twice = await client.tokens(`<message><body>said twice</body></message>`);
      client.close();
      const [pair] = twice.texts[0]!.tokens.slice(-1);
      assert.deepEqual([pair!.spam, pair!.ham], [1, 0], 'the last word counts');
      assert.match((await train(corpus)).stdout, /^Taught 2, unchanged 701, refused 0 /);
      assert.equal(await daemon.stop(), 0);
    });

    it('stops at a row that is none, and may be run again', async () => {
      const broken = join(DIR, 'broken.tsv');
      writeFileSync(broken, `ham\ten\tsomething new\nno row\n`);
      const { code, stderr } = await train(broken);
      assert.deepEqual([code, /line 2 is no row/.test(stderr)], [65, true]);
      assert.match((await train(corpus)).stdout, /^Taught 2, unchanged 701/);
    });

    it('leaves a store that opens, also when it is interrupted', async () => {
      const large = join(DIR, 'large.tsv');
      writeFileSync(
        large,
        Array.from({ length: 60_000 }, (_, n) => `ham\ten\t${text('more', n)}`).join('\n'),
      );
      const run = spawn(process.execPath, [MAIN, 'train', large], { env: { ...process.env, ...own } });
      await until(() => existsSync(join(here, 'store/owner.pid')));
      run.kill('SIGINT');
      const [, signal] = await once(run, 'exit');
      assert.equal(signal, 'SIGINT');
      assert.match((await train(corpus)).stdout, /^Taught 2, unchanged 701/);
    });
  });

  it('does not look for a store where a place was named', async () => {
    const { code } = await bayes(['stats', '--socket', join(DIR, 'none.sock')]);
    assert.equal(code, 69);
  });
});
