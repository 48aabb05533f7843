import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { checkCommand } from '../src/cli/serve.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { until } from './until.ts';

/** A command of the README with the answer that it shows: `$ command` and the lines up to the next one. */
interface Example {
  readonly command: string;
  readonly shown: string;
}

/** What differs from run to run: trace ids. */
const VARIES = /\b(trace:? )[0-9A-Z]{26}$/gim;
/** What an example needs beyond the daemon; test/setup.sh installs it. */
const TOOLS = [
  [/\bnc -/, 'nc'],
  [/^spamc /, 'spamc'],
] as const;

/** The tool that an example needs and this machine lacks. */
function missingTool(command: string): string | undefined {
  return TOOLS.find(
    ([use, tool]) => use.test(command) && spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0,
  )?.[1];
}

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
  const dir = mkdtempSync(join(tmpdir(), 'pv-readme-'));
  before(async () => {
    // What features share a place with which in `linear.server` goes by the secret.
    writeFileSync(join(dir, 'secret'), Buffer.alloc(32, 7), { mode: 0o600 });
    daemon = await startDaemon({ dir, starter: true });
  });
  after(async () => {
    await daemon.stop();
    rmSync(dir, { recursive: true });
  });

  /** The README says that a model is fitted soon after. */
  const fitted = async () => {
    const operator = new PnpClient({ path: daemon.adminPath });
    await until(async () => ((await operator.stats()).get('providence_linear_lessons') ?? 0) > 0);
    operator.close();
  };

  const all = examples();

  it('shows commands with their answers', () => {
    assert.ok(all.length >= 5);
  });

  for (const { command, shown } of all) {
    const missing = missingTool(command);
    const skip = missing === undefined ? false : `${missing} is not installed`;
    it(`shows what really answers to: ${command}`, { skip }, async () => {
      const here = command.replace('var/providence.sock', daemon.unixPath);
      const env = {
        ...process.env,
        FORCE_COLOR: undefined,
        PROVIDENCE_CONFIG: join(daemon.dir, 'providence.toml'),
      };
      const run = spawnSync('sh', ['-c', here], { encoding: 'utf8', env, timeout: 30_000 });
      assert.equal(run.status, 0, run.stderr);
      const said = run.stdout
        .replaceAll('\r', '')
        .replace(VARIES, '$1...')
        .replace(/in [\d.]+ s \(\d+\/s\)/, 'in ... s');
      assert.equal(said.trim(), shown);
      if (command.includes('providence train ')) await fitted();
    });
  }

  it('shows the command that serve proposes, which works in other directories, too', () => {
    const [proposed] =
      /(?<=^Ready\. For a first verdict paste: ).*$/m.exec(readFileSync('README.md', 'utf8')) ?? [];
    assert.equal(checkCommand(undefined, process.cwd()), proposed);
    const elsewhere = checkCommand(join(daemon.dir, 'providence.toml'), '/');
    const run = spawnSync('sh', ['-c', elsewhere], { cwd: '/', encoding: 'utf8', timeout: 30_000 });
    assert.match(run.stdout, /^Verdict spam: /, run.stderr);
  });

  it('names only files that are there', () => {
    const readme = readFileSync('README.md', 'utf8');
    for (const [, target = ''] of readme.matchAll(/\]\(([^)#]+)\)/g)) {
      assert.ok(existsSync(target), target);
    }
  });
});
