import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';

/** A command of the README with the answer that it shows: `$ command` and the lines up to the next one. */
interface Example {
  readonly command: string;
  readonly shown: string;
}

/** What differs from run to run: trace ids. */
const VARIES = /^(Trace: )[0-9A-Z]{26}$/gm;
const hasNetcat = spawnSync('sh', ['-c', 'command -v nc']).status === 0;

function examples(): readonly Example[] {
  const readme = readFileSync('README.md', 'utf8');
  const blocks = [...readme.matchAll(/^```\n(\$ [\s\S]*?)^```$/gm)].map(([, block]) => block as string);
  return blocks
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((text) => {
      const [command = '', ...shown] = text.split('\n');
      return { command, shown: shown.join('\n').trim() };
    });
}

describe('the README', () => {
  let daemon: DaemonProcess;
  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.stop());

  const all = examples();

  it('shows commands with their answers', () => {
    assert.ok(all.length >= 5);
  });

  for (const { command, shown } of all) {
    const skip = command.includes('nc -') && !hasNetcat ? 'netcat is not installed' : false;
    it(`shows what really answers to: ${command}`, { skip }, () => {
      const here = command.replace('var/providence.sock', daemon.unixPath);
      const env = { ...process.env, PROVIDENCE_CONFIG: join(daemon.dir, 'providence.toml') };
      const run = spawnSync('sh', ['-c', here], { encoding: 'utf8', env, timeout: 30_000 });
      assert.equal(run.status, 0, run.stderr);
      const said = run.stdout
        .replaceAll('\r', '')
        .replace(VARIES, '$1...')
        .replace(/in [\d.]+ s \(\d+\/s\)/, 'in ... s');
      assert.equal(said.trim(), shown);
    });
  }

  it('names only files that are there', () => {
    const readme = readFileSync('README.md', 'utf8');
    for (const [, target = ''] of readme.matchAll(/\]\(([^)#]+)\)/g)) {
      assert.ok(existsSync(target), target);
    }
  });
});
