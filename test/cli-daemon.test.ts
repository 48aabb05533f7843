import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { encodeRequest } from '../clients/node/pnp-client.ts';
import { runCli } from './cli-process.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';

const MAIN = join(import.meta.dirname, '../src/main.js');
const DIR = mkdtempSync(join(tmpdir(), 'pv-cli-daemon-'));
after(() => rmSync(DIR, { recursive: true }));

/** A corpus that anything can learn: two sets of words, and sentences that repeat none of each other. */
function corpus(name: string, size: number, offset = 0): string {
  const words = {
    spam: ['casino', 'jackpot', 'bonus', 'winner'],
    ham: ['garden', 'kettle', 'lecture', 'bicycle'],
  };
  let text = '';
  for (let number = offset; number < offset + size; number += 1) {
    const label = number % 2 === 0 ? 'spam' : 'ham';
    text += `${label}\ten\tthe ${words[label].join(` n${number} `)} of number ${number}\n`;
  }
  const path = join(DIR, name);
  writeFileSync(path, text);
  return path;
}

describe('the commands and the daemon', () => {
  let daemon: DaemonProcess;
  let env: NodeJS.ProcessEnv;
  before(async () => {
    daemon = await startDaemon();
    env = { PROVIDENCE_CONFIG: join(daemon.dir, 'providence.toml') };
  });
  after(() => daemon.stop());

  const stanza = "<message from='a@b.example'><body>casino jackpot bonus winner</body></message>";

  it('train teaches once, by the socket of the operator', async () => {
    const path = corpus('train.tsv', 400);
    const first = await runCli(['train', path], '', env);
    assert.match(first.stdout, /^Taught 400, unchanged 0, refused 0 /, first.stderr);
    const second = await runCli(['train', path], '', env);
    assert.match(second.stdout, /^Taught 0, unchanged 400, refused 0 /, second.stderr);
  });

  it('check finds what was taught, and says why', async () => {
    const { stdout, code } = await runCli(['check', '--explain', '--exit-code'], stanza, env);
    assert.match(stdout, /^Verdict spam: .*\bbayes\.server\b/s);
    assert.equal(code, 1);
    const judged = JSON.parse((await runCli(['check', '--json'], stanza, env)).stdout);
    assert.equal(judged.verdict, 'spam');
    assert.equal(judged.symbols[0].unit, 'bayes.server');
    assert.equal(judged.abstained['bayes.user'], 'no-user');
  });

  it('tell teaches and forgets one stanza, for the operator or for a user', async () => {
    const own = stanza.replace('winner', 'kettle');
    for (const options of [[], ['--reporter', 'juliet@capulet.example']]) {
      const say = async (label: string) => (await runCli(['tell', label, ...options], own, env)).stdout;
      assert.equal(await say('ham'), 'Taught as ham.\n');
      assert.equal(await say('ham'), 'Nothing changed (already-taught).\n');
      assert.equal(await say('spam'), 'Taught as spam; what was taught before is undone.\n');
      assert.equal(await say('forget'), 'Forgotten.\n');
      assert.equal(await say('forget'), 'Nothing changed (not-taught).\n');
    }
  });

  describe('check tells the daemon what a server module would', () => {
    const error = stanza.replace('<message', "<message type='error'");
    const key = join(DIR, 'key');
    const otherKey = join(DIR, 'other-key');
    const user = ['--to', 'keyed@capulet.example'];
    before(() => {
      writeFileSync(key, `${Buffer.alloc(32, 1).toString('base64')}\n`);
      writeFileSync(otherKey, Buffer.alloc(32, 2).toString('base64'));
    });
    const CASES: readonly (readonly [options: readonly string[], stanza: string, said: RegExp])[] = [
      [['--roster', 'both'], stanza, /KNOWN_SENDER/],
      [['--answers'], error, /KNOWN_SENDER/],
      [['--from', 'c@d.example'], stanza, /answered 65 .* names another JID/],
      [['--from', 'a@b.example/x', ...user], stanza, /bayes\.user +abstains: not enough lessons/],
      [[...user, '--user-key-file', key], stanza, /bayes\.user +abstains: .* key/],
      [['--to', 'new@capulet.example', '--user-key-file', key], stanza, /bayes\.user +abstains: not enough/],
      [['--to', 'new@capulet.example', '--user-key-file', otherKey], stanza, /bayes\.user +abstains: .* key/],
      [[...user, '--direction', 'out'], stanza, /bayes\.user +abstains: the recipient is not told/],
      [['--peer-tls', 'none', '--peer-auth', 'dialback'], stanza, /^ +\d\.\d+ +auth\.stream/m],
      [['--peer-tls', 'TLSv1.3', '--peer-auth', 'external'], stanza, /^ *-\d\.\d+ +auth\.stream/m],
    ];
    for (const [options, input, said] of CASES) {
      it(options.join(' ').replaceAll(DIR, ''), async () => {
        const { stdout, stderr } = await runCli(['check', '--explain', ...options], input, env);
        assert.match(stdout + stderr, said);
      });
    }

    it('and tell, too', async () => {
      const tell = (file: string) =>
        runCli(['tell', 'ham', '--to', 'new@capulet.example', '--user-key-file', file], stanza, env);
      assert.equal((await tell(key)).stdout, 'Taught as ham.\n');
      const wrong = await tell(otherKey);
      assert.deepEqual([wrong.code, /this user's key; nothing was learnt/.test(wrong.stderr)], [77, true]);
    });
  });

  it('train says which socket it needs', async () => {
    const { code, stderr } = await runCli(
      ['train', corpus('more.tsv', 2), '--socket', daemon.unixPath],
      '',
      env,
    );
    assert.deepEqual([code, /name the admin's with --socket/.test(stderr)], [77, true]);
  });

  it('stats shows what was done', async () => {
    const counters = JSON.parse((await runCli(['stats', '--json'], '', env)).stdout);
    assert.equal(counters.providence_lessons_live, 401);
  });

  it('train reads every file that is named, and wants each option once', async () => {
    const files = [1, 2, 3].map((n) => {
      const path = join(daemon.dir, `file${n}.tsv`);
      writeFileSync(path, `spam\ten\tlesson of file number ${n}\n`);
      return path;
    });
    const { stdout } = await runCli(['train', '--label', 'ham', ...files], '', env);
    assert.match(stdout, /^Taught 3, unchanged 0, refused 0 /);
    const { code, stderr } = await runCli(['train', '--label', 'ham', '--label', 'spam', ...files], '', env);
    assert.deepEqual([code, stderr], [64, 'providence: --label is given more than once; give it once.\n']);
  });

  it('ping answers over TCP as well', async () => {
    assert.equal((await runCli(['ping', '--port', String(daemon.tcpPort)])).code, 0);
  });

  it('serve refuses to start beside a daemon that has the socket', async () => {
    const { code, stderr } = await runCli(['serve'], '', env);
    assert.equal(code, 69);
    assert.match(stderr, /^providence: [^\n]+\.\n$/m);
  });
});

describe('serve', () => {
  it('ends at the second signal although a client takes no answers', async () => {
    const daemon = await startDaemon({ config: 'limits.drain_seconds_max = 600' });
    const socket = createConnection(daemon.adminPath);
    socket.pause();
    socket.write(Buffer.concat(Array.from({ length: 500 }, () => encodeRequest({ verb: 'STATS' }))));
    await runCli(['ping', '--socket', daemon.adminPath]);
    daemon.child.kill('SIGTERM');
    const env = { PROVIDENCE_SOCKET: daemon.adminPath };
    while ((await runCli(['ping'], '', env)).code === 0);
    assert.equal(daemon.child.exitCode, null, 'it did not wait for its client');
    daemon.child.kill('SIGINT');
    const [, signal] = await once(daemon.child, 'exit');
    assert.equal(signal, 'SIGINT');
    socket.destroy();
    rmSync(daemon.dir, { recursive: true });
  });
});

describe('eval', () => {
  it('learns from one file, judges the other, and gives every figure', async () => {
    const files = ['--train', corpus('a.tsv', 400), '--test', corpus('b.tsv', 100, 1_000)];
    const { code, stdout, stderr } = await runCli(['eval', '--json', ...files]);
    assert.equal(code, 0, stderr);
    const { seconds, ...figures } = JSON.parse(stdout);
    assert.ok(seconds > 0);
    assert.deepEqual(figures, {
      n: 100,
      accuracy_pct: 100,
      spam_caught_pct: 100,
      ham_blocked_pct: 0,
      mcc: 1,
      one_minus_auc_pct: 0,
      spam_caught_at_ham_blocked_0_1_pct: 100,
      unsure_pct: figures.unsure_pct,
    });
  });

  it('leaves no store behind when it is interrupted', async () => {
    const own = mkdtempSync(join(DIR, 'tmp-'));
    const files = ['--train', corpus('d.tsv', 60_000), '--test', corpus('e.tsv', 60_000)];
    const run = spawn(process.execPath, [MAIN, 'eval', ...files], { env: { ...process.env, TMPDIR: own } });
    while (readdirSync(own).length === 0) await setImmediate();
    run.kill('SIGINT');
    const [, signal] = await once(run, 'exit');
    assert.equal(signal, 'SIGINT');
    assert.deepEqual(readdirSync(own), []);
  });

  it('ranks alike what nothing is known of', async () => {
    const { stdout } = await runCli(['eval', '--json', '--test', corpus('c.tsv', 50)]);
    const { one_minus_auc_pct, spam_caught_pct, unsure_pct } = JSON.parse(stdout);
    assert.deepEqual([one_minus_auc_pct, spam_caught_pct, unsure_pct], [50, 0, 100]);
  });
});
