import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fold, tableLines } from '../src/cli/columns.ts';
import { parseScript } from '../src/cli/fake-script.ts';
import { type Fake, startFake } from '../src/cli/fake-server.ts';
import { takesColours } from '../src/cli/paint.ts';
import { runCli, runCommand } from './cli-process.ts';

const MAIN = join(import.meta.dirname, '../src/main.js');
const DIR = mkdtempSync(join(tmpdir(), 'pv-terminal-'));
after(() => rmSync(DIR, { recursive: true }));
const STANZA = join(DIR, 'stanza.xml');
writeFileSync(STANZA, "<message from='a@b.example'><body>hello</body></message>");
const CONFIG = join(DIR, 'providence.toml');
writeFileSync(CONFIG, 'bayes.starter.strength = 0\n');

const hasPty = spawnSync('sh', ['-c', 'command -v script']).status === 0;
const hasBash = spawnSync('sh', ['-c', 'command -v bash']).status === 0;
const PLAIN = { NO_COLOR: undefined, TERM: 'xterm' };
/** Control sequences, written so that they can be read: ESC is ^. */
const shown = (text: string) => text.replaceAll('\x1b', '^');

/** What a command writes to a real terminal. */
async function atTerminal(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ');
  const { stdout } = await runCommand('script', ['-qec', command, '/dev/null'], { env });
  return stdout;
}

const hasColours = (text: string) => text.includes('\x1b[');

describe('colours', () => {
  const path = join(DIR, 'fake.sock');
  let fake: Fake;
  before(async () => {
    fake = await startFake({
      rules: parseScript('{"verdict":"spam","score":8.4}', 'test'),
      listen: { path },
      onRequest: () => undefined,
    });
  });
  after(() => fake.close());

  const COMMANDS: readonly (readonly [args: readonly string[], coloured: RegExp])[] = [
    [['check', '--socket', path, STANZA], /^\^\[31mspam\^\[39m: 8\.4 of 5 points/],
    [['check', '--explain', '--socket', path, STANZA], /^\^\[31mVerdict spam\^\[39m/],
    [['config', 'check', '--config', CONFIG], /^\^\[33mhint\^\[39m {2}bayes\.server: /m],
    [['config', 'explain', 'limits', '--config', CONFIG], /^\^\[1mlimits\^\[22m\r?$/m],
  ];
  for (const [args, coloured] of COMMANDS) {
    const name = args.filter((word) => !word.startsWith('/')).join(' ');
    it(`are there at a terminal: ${name}`, { skip: hasPty ? false : 'script is not installed' }, async () => {
      assert.match(shown(await atTerminal(args, PLAIN)), coloured);
    });

    it(`are away with NO_COLOR, at a dumb terminal and in a pipe: ${name}`, {
      skip: hasPty ? false : 'script is not installed',
    }, async () => {
      for (const env of [
        { NO_COLOR: '1', FORCE_COLOR: '1' },
        { ...PLAIN, TERM: 'dumb' },
      ]) {
        const text = await atTerminal(args, env);
        assert.ok(text.length > 10 && !hasColours(text), JSON.stringify(text));
      }
      assert.ok(!hasColours((await runCli(args, '', PLAIN)).stdout));
    });

    it(`are there in a pipe with FORCE_COLOR: ${name}`, async () => {
      const { stdout, stderr } = await runCli(args, '', { ...PLAIN, FORCE_COLOR: '1' });
      assert.match(shown(stdout), coloured);
      assert.equal(stderr, '');
    });
  }

  it('follow NO_COLOR before FORCE_COLOR before the terminal', () => {
    const terminal = { isTTY: true };
    const pipe = {};
    const CASES = [
      [terminal, {}, true],
      [pipe, {}, false],
      [terminal, { NO_COLOR: '' }, true],
      [terminal, { NO_COLOR: '0' }, false],
      [terminal, { TERM: 'dumb' }, false],
      [pipe, { FORCE_COLOR: '1', TERM: 'dumb' }, true],
      [pipe, { FORCE_COLOR: 'true' }, true],
      [pipe, { FORCE_COLOR: '' }, false],
      [terminal, { FORCE_COLOR: '0' }, false],
      [terminal, { FORCE_COLOR: 'false' }, false],
      [pipe, { FORCE_COLOR: '3', NO_COLOR: '1' }, false],
    ] as const;
    for (const [stream, env, expected] of CASES)
      assert.equal(takesColours(stream, env), expected, JSON.stringify([stream, env]));
  });
});

describe('tables', () => {
  it('put what is too long under its own column', () => {
    const head = '     -  karma.jid_rate  '.padEnd(39);
    const lines = fold(`${head}${'a long reason '.repeat(6).trim()}`, 39);
    assert.ok(lines.length > 1 && lines.every((line) => line.length <= 80), lines.join('\n'));
    assert.equal(lines[1]?.search(/\S/), 39);
    assert.deepEqual(fold('short', 39), ['short']);
    assert.deepEqual(fold('x'.repeat(100), 0), ['x'.repeat(100)]);
  });

  it('wrap their last column, whatever their cells are', () => {
    const rows = [
      ['a', 'b', 'word '.repeat(30).trim()],
      ['long cell', '', 'x'.repeat(90)],
    ];
    const lines = tableLines(rows);
    assert.deepEqual(
      lines.filter((line) => line.length > 80).map((line) => line.trim()),
      [`long cell     ${'x'.repeat(90)}`],
    );
    assert.ok(lines.every((line) => line === line.trimEnd()));
  });
});

describe('completion', () => {
  before(() => {
    mkdirSync(join(DIR, 'bin'));
    symlinkSync(resolve('bin/providence'), join(DIR, 'bin/providence'));
  });

  const env = { PATH: `${join(DIR, 'bin')}:${process.env['PATH']}`, SHELL: '/bin/bash' };

  /** What bash offers for the last of the words. */
  async function offered(words: readonly string[]): Promise<string[]> {
    const program = `eval "$(providence completion)"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
$(complete -p providence | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await runCommand('bash', ['-c', program, 'bash', ...words], { env });
    assert.equal(stderr, '');
    return stdout.split('\n').filter((line) => line !== '');
  }

  const CASES: readonly (readonly [line: string, offers: readonly string[]])[] = [
    ['providence con', ['config']],
    ['providence config ', ['check', 'show', 'explain']],
    ['providence config explain thresholds.', ['thresholds.spam', 'thresholds.ham']],
    ['providence config explain listen.unix.m', ['listen.unix.mode']],
    ['providence config explain thresholds.spam x', []],
    ['providence check --exp', ['--explain']],
    ['providence check --peer-auth s', []],
    ['providence check --peer-auth ex', ['external']],
    ['providence check stan', []],
    ['providence tell ', ['spam', 'ham', 'forget']],
    ['providence tell h', ['ham']],
    ['providence tell --tr', ['--trace']],
    ['providence tell ham stan', []],
  ];
  for (const [line, offers] of CASES) {
    it(`of ${JSON.stringify(line)}`, { skip: hasBash ? false : 'bash is not installed' }, async () => {
      assert.deepEqual(await offered(line.split(' ')), offers);
    });
  }

  it('has a script for zsh', async () => {
    const { code, stdout } = await runCli(['completion'], '', { SHELL: '/bin/zsh' });
    assert.equal(code, 0);
    assert.match(stdout, /^#compdef providence\n[\s\S]*compdef _providence_yargs_completions providence/);
    const { stdout: keys } = await runCli(
      ['--get-yargs-completions', 'providence', 'config', 'explain', 'limits.sh'],
      '',
      { SHELL: '/bin/zsh' },
    );
    assert.equal(keys, 'limits.shed_ms\n');
  });
});
