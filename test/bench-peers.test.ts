import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createMessages } from '../bench/generator.ts';
import { measure } from '../bench/peers/measure.ts';
import type { Peer } from '../bench/peers/peer.ts';
import { run } from '../bench/peers/program.ts';
import { createPhraseBank } from '../bench/phrases.ts';
import { rows } from '../bench/rows.ts';
import { type Outcome, runCommand } from './cli-process.ts';
import { until } from './until.ts';

const MAIN = join(import.meta.dirname, '../bench/peers/main.js');
const skip = spawnSync('bogofilter', ['-V']).status === 0 ? false : 'bogofilter is not installed';
const LABELS = { spam: 'spam', ham: 'ham' } as const;
const TRAIN_COUNT = 600;
const TEST_COUNT = 200;
const TURNED = { spam: 'ham', ham: 'spam' } as const;

interface Figures {
  readonly results: readonly {
    readonly row: string;
    readonly peer: string;
    readonly n_train: number;
    readonly figures: { readonly n: number; readonly one_minus_auc_pct: number };
  }[];
  readonly versions: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
}

describe('the bench of other filters', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pv-peers-'));
  const corpora = join(dir, 'corpora');
  const scratch = join(dir, 'scratch');
  const programs = join(dir, 'bin');
  const json = join(dir, 'figures.json');

  before(() => {
    for (const folder of [scratch, programs, corpora, join(corpora, 'eval')]) mkdirSync(folder);
    const stream = createMessages(createPhraseBank(1, 400), 1, 100);
    const write = (name: string, count: number, labels: Readonly<Record<'spam' | 'ham', string>>) => {
      const lines: string[] = [];
      while (lines.length < count) {
        const { text, spam, script } = stream.next();
        // Words of three letters and more, with spaces between them, are what bogofilter sees.
        if (script !== 'latin' && script !== 'cyrillic') continue;
        lines.push(`${labels[spam ? 'spam' : 'ham']}\tund\tFrom ${text}\\n`);
      }
      writeFileSync(join(corpora, 'eval', `${name}.tsv`), `${lines.join('\n')}\n`);
    };
    write('thai-sms-cluster.train', TRAIN_COUNT, LABELS);
    write('thai-sms-cluster.test', TEST_COUNT, LABELS);
    write('turkish-sms-cluster.train', TRAIN_COUNT, LABELS);
    write('turkish-sms-cluster.test', TEST_COUNT, TURNED);
  });
  after(() => rmSync(dir, { recursive: true }));

  /** In a temporary folder of its own, where nothing may be left. */
  async function bench(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    const outcome = await runCommand(process.execPath, [MAIN, '--corpora', corpora, ...args], {
      env: { TMPDIR: scratch, ...env },
    });
    assert.deepEqual(readdirSync(scratch), []);
    for (const line of outcome.stdout.split('\n')) assert.ok([...line].length <= 80, line);
    return outcome;
  }

  /** A program of this name that is found before, or instead of, the one of the machine. */
  function standIn(name: string, script: string): void {
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(programs, name), 0o755);
  }

  it('has both filters learn from one file and judge the other', { skip }, async () => {
    const names = ['--row', 'thai,turkish', '--peer', 'bogofilter,providence'];
    const { code, stdout, stderr } = await bench([...names, '--json', json]);
    assert.deepEqual([code, stderr], [0, '']);
    const { results, versions, missing } = JSON.parse(readFileSync(json, 'utf8')) as Figures;
    assert.deepEqual(missing, []);
    assert.match(versions['bogofilter'] ?? '', /^(\d|unknown)/);
    const order = results.map(({ row, peer }) => `${row} ${peer}`);
    // As everywhere: rows and filters in their own order, not in that of the options.
    assert.deepEqual(order, [
      'turkish providence',
      'turkish bogofilter',
      'thai providence',
      'thai bogofilter',
    ]);
    for (const { row, peer, n_train, figures } of results) {
      const { n, one_minus_auc_pct: odds } = figures;
      assert.deepEqual([n, n_train], [TEST_COUNT, TRAIN_COUNT]);
      // What was taught is judged right; where the labels of the test file are turned about, wrong.
      assert.ok(row === 'thai' ? odds < 25 : odds > 75, `${peer}, ${row}: ${odds}`);
      assert.match(stdout, new RegExp(`${peer} +${odds.toFixed(2)} `));
    }
  });

  it('says which filter is missing and how to get it, and measures the others', async () => {
    const names = ['--row', 'thai', '--peer', 'providence,rspamd'];
    const { code, stdout } = await bench(names, { PATH: programs });
    assert.equal(code, 69);
    assert.match(stdout, /^rspamd is not on this machine: apt-get install rspamd redis-server$/m);
    assert.match(stdout, /^thai +providence +\d/m);
  });

  it('tells of a filter that fails, and goes on', async () => {
    standIn('bogofilter', 'echo no database >&2; exit 3');
    const names = ['--row', 'thai', '--row', 'turkish', '--peer', 'bogofilter'];
    const { code, stdout, stderr } = await bench(names, { PATH: programs });
    assert.equal(code, 70);
    assert.match(stdout, /^turkish +bogofilter +failed\nthai +bogofilter +failed$/m);
    assert.match(stderr, /^bogofilter, thai: Error: bogofilter ended with 3: no database$/m);
  });

  it('tells of a filter that leaves messages out', async () => {
    standIn('bogofilter', 'for last; do :; done; [ "$last" = -TT ] && echo mail 0.5; exit 0');
    const { stderr } = await bench(['--row', 'thai', '--peer', 'bogofilter'], { PATH: programs });
    assert.match(stderr, new RegExp(`1 opinions of ${TEST_COUNT} messages`));
  });

  it('ends what it started, and removes what it wrote, at Ctrl-C', async () => {
    const started = join(dir, 'pid');
    standIn('bogofilter', `echo $$ >'${started}.new'; mv '${started}.new' '${started}'; exec sleep 60`);
    const args = [MAIN, '--corpora', corpora, '--row', 'thai', '--peer', 'bogofilter'];
    const PATH = `${programs}:${process.env['PATH']}`;
    const child = spawn(process.execPath, args, { env: { ...process.env, PATH, TMPDIR: scratch } });
    await until(() => existsSync(started));
    assert.equal(readdirSync(scratch).length, 1);
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGINT']);
    assert.deepEqual(readdirSync(scratch), []);
    assert.throws(() => process.kill(Number(readFileSync(started, 'utf8')), 0), { code: 'ESRCH' });
  });

  it('kills a filter that takes too long', async () => {
    const sleeper: Peer = {
      name: 'sleeper',
      needs: {},
      measure: async ({ signal }) => {
        await run('sleep', { args: ['60'], signal });
        return [];
      },
    };
    const row = rows(corpora).find(({ name }) => name === 'thai')!;
    const { signal: interrupt } = new AbortController();
    const result = await measure(row, sleeper, { dir: scratch, interrupt, timeoutMs: 50 });
    assert.deepEqual(result, { row: 'thai', peer: 'sleeper', error: 'took longer than 0.05 seconds' });
    assert.deepEqual(readdirSync(scratch), []);
  });

  for (const [args, code, said] of [
    [['--row', 'thia'], 64, /--row: there is no "thia"; there are sms-almeida/],
    [['--peer', 'dspam'], 64, /--peer: there is no "dspam"; there are providence, /],
    [['--bogus'], 64, /--bogus/],
    [['--row', 'indonesian'], 66, /indonesian-sms-hash\.train\.tsv is missing.*docs\/corpora\.md/],
    [['--row', 'thai', '--json', '/no/such/folder/file'], 74, /no\/such\/folder/],
  ] as const) {
    it(`refuses ${args.join(' ')} before it begins`, async () => {
      const outcome = await bench(args);
      assert.deepEqual([outcome.code, outcome.stdout], [code, '']);
      assert.match(outcome.stderr, said);
    });
  }
});
