import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type EvalCorpora, makeCorpora } from './eval-corpora.ts';

const SCRIPT = join(import.meta.dirname, '../bench/eval/eval.js');
const HAM_FILES = ['irc-ham-en', 'nus-ham-en', 'nus-ham-zh', 'tatoeba-ham-multi', 'spamassassin-subjects'];

describe('npm run eval', () => {
  let corpora: EvalCorpora;
  before(() => {
    corpora = makeCorpora();
  });
  after(() => corpora.remove());

  /** Runs it on the generated folder; standard output, and the report. */
  function run(args: readonly string[]) {
    const json = join(corpora.dir, 'report.json');
    const all = [SCRIPT, '--corpora', corpora.dir, '--json', json, ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.ok(stdout.split('\n').every((line) => line.length <= 80));
    return { stdout, report: JSON.parse(readFileSync(json, 'utf8')) };
  }

  it('reads no test file with --cv', () => {
    corpora.write('eval/turkish-sms-cluster.train.tsv', 900);
    const { stdout, report } = run(['--cv', '--row', 'turkish']);
    assert.match(stdout, /^Cross-validated on training files/);
    assert.equal(report.cv, true);
    const [row] = report.rows;
    assert.deepEqual([row.name, row.figures.n], ['turkish', 900]);
    assert.ok(row.figures.one_minus_auc_pct < 20, 'learns nothing');
    assert.equal(row.results.length, 2);
  });

  it('learns the training file of a row, judges its test file, and tells an interval where that is small', () => {
    corpora.write('eval/turkish-sms-cluster.test.tsv', 800, { seed: 2 });
    corpora.write('eval/thai-sms-cluster.train.tsv', 900);
    corpora.write('eval/thai-sms-cluster.test.tsv', 200, { seed: 3 });
    const { stdout, report } = run(['--row', 'turkish,thai']);
    const [turkish, thai] = report.rows;
    assert.deepEqual([turkish.figures.n, thai.figures.n], [800, 200]);
    assert.deepEqual(turkish.intervals, {});
    const { low, high } = thai.intervals.one_minus_auc_pct;
    const value = thai.figures.one_minus_auc_pct;
    assert.ok(low <= value && value <= high);
    assert.match(stdout, /^[✔✘] thai +1-AUC % +[\d.]+ {2}<= 1\.2 +\[[\d.]+, [\d.]+\]$/m);
    assert.equal('ham' in report, false);
  });

  it('pools calibration over the rows that are large', () => {
    const { report } = run(['--row', 'turkish,thai', '--study', 'calibration']);
    assert.deepEqual(report.calibration.rows, ['turkish']);
    assert.equal(report.calibration.own_mix.bins.length, 15);
    assert.equal('rows' in report, false);
  });

  it('judges all rows, their mean and the files of ham without options', () => {
    for (const name of ['sms-almeida2011', 'indonesian-sms-hash']) {
      corpora.write(`eval/${name}.train.tsv`, 100);
      corpora.write(`eval/${name}.test.tsv`, 60, { seed: 2 });
    }
    corpora.write('train/sms-en.tsv', 100);
    corpora.write('eval/sms-deanon-cluster.test.tsv', 60, { seed: 2 });
    corpora.write('eval/chinese-chat-cluster.train.tsv', 300);
    for (const video of [
      '01-9bZkp7q19f0',
      '04-CevxZvSJLk8',
      '07-KQ6zr6kCPj8',
      '08-uelHwf8o7_U',
      '09-pRpeEdMmmQ0',
    ]) {
      corpora.write(`eval/youtube-${video}.train.tsv`, 60, { sorted: true });
      corpora.write(`eval/youtube-${video}.test.tsv`, 40, { seed: 2 });
    }
    for (const name of HAM_FILES.slice(0, -1)) corpora.write(`eval/${name}.tsv`, 50, { label: 'ham' });
    corpora.write('eval/spamassassin-subjects.tsv', 50, { sorted: true });
    const { report } = run([]);
    assert.equal(report.rows.length, 12);
    assert.equal(report.rows.at(-1).name, 'youtube-mean');
    assert.equal(report.rows.at(-1).figures.n, 200);
    const ham = report.ham.map(({ name, n }: { name: string; n: number }) => [name, n]);
    assert.deepEqual(
      ham,
      HAM_FILES.map((name) => [name, name === 'spamassassin-subjects' ? 25 : 50]),
    );
  });

  it('shows whether a language is learnt as evidence, beside what is caught of its spam', () => {
    corpora.write('train/irc-ham-en.tsv', 60, { label: 'ham', lang: 'en' });
    corpora.write('train/tatoeba-ham-en.tsv', 60, { label: 'ham', lang: 'en', seed: 2 });
    corpora.write('train/telegram-ru.tsv', 50, { label: 'spam', lang: 'ru', seed: 3 });
    corpora.write('train/telegram-cas-multi.tsv', 50, { label: 'spam', lang: 'zh', seed: 4 });
    corpora.write('train/taiga-ham-ru.tsv', 30, { label: 'ham', lang: 'ru', seed: 5 });
    const { report } = run(['--study', 'bias']);
    const [first] = report.bias;
    assert.deepEqual([first.taught.lang, first.taught.spam, first.taught.ham], ['ru', 50, 120]);
    assert.deepEqual(first.ham, { file: 'train/taiga-ham-ru', lang: 'ru', n: 30 });
    // The generator's ham is like its ham, whatever it is called.
    assert.ok(first.without_starter.mean_probability < 0.5);
    assert.ok(first.taught.spam_caught_held_out_pct > 0);
    assert.ok(first.to_user.mean_probability < 0.5);
    const empty = report.bias.find(({ ham }: { ham: { lang: string } }) => ham.lang === 'yue');
    assert.deepEqual(empty.with_starter, { spam_pct: null, mean_probability: null, met: false });
  });

  it('says what is wrong in a sentence', () => {
    const wrong: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['--row', 'klingon'], 64, /^--row: there is no "klingon"; there are sms-almeida, /],
      [['--study', 'moon'], 64, /^--study: there is no "moon"; there are calibration/],
      [['--corpora', '/nowhere'], 66, /^\/nowhere is missing: .*see docs\/corpora\.md/],
      [['--config', '/nowhere.toml'], 78, /^\/nowhere\.toml: cannot be read/],
      [['--json', '/nowhere/report.json'], 74, /^The system refuses .*nowhere/],
    ];
    for (const [args, code, sentence] of wrong) {
      const { status, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });
      assert.equal(status, code, stderr);
      assert.match(stderr, sentence);
    }
  });
});
