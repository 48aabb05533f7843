import assert from 'node:assert/strict';
import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** What stands in for the tools that would reach this machine or the network. */
const STAND_INS = {
  'systemd-sysusers': 'exec systemd-sysusers --root="$ROOT" "$@"',
  'systemd-tmpfiles': 'exec systemd-tmpfiles --root="$ROOT" "$@"',
  systemctl:
    '[ "$1" = daemon-reload ] && exit; action=$1; [ "$2" = --now ] && shift 2; exec systemctl -q --root="$ROOT" "$action" "$@"',
  npm: '[ "$*" = "--prefix $ROOT/usr/lib/providence.new ci --ignore-scripts --omit=dev" ] && cp -R "$PACKAGES" "$2/"',
};
const UNITS = '/usr/lib/systemd/system';
/** A user and a group of nobody. */
const STRANGER = 54_321;

/** A directory that looks like the root of a machine with systemd, where the commands of docs/operating.md are run. */
export class ScratchRoot {
  readonly path = mkdtempSync(join(tmpdir(), 'pv-root-'));
  readonly #tools = mkdtempSync(join(tmpdir(), 'pv-tools-'));

  constructor() {
    chmodSync(this.path, 0o755);
    // The units of this machine, so that none is missing that ours name.
    cpSync(UNITS, this.in(UNITS), { recursive: true, verbatimSymlinks: true });
    mkdirSync(this.in('bin'));
    cpSync('/bin/kill', this.in('bin/kill'));
    mkdirSync(this.in('usr/local/bin'), { recursive: true });
    mkdirSync(this.in('var/lib'), { recursive: true });
    copyRuntimePackages(this.#tools);
    mkdirSync(join(this.#tools, 'bin'));
    for (const [name, script] of Object.entries(STAND_INS)) {
      const text = `#!/bin/sh\nPATH=$REAL_PATH\n${script}\n`;
      writeFileSync(join(this.#tools, 'bin', name), text, { mode: 0o755 });
    }
  }

  in(path: string): string {
    return join(this.path, path);
  }

  /** Runs the block of docs/operating.md that begins with these words, with this directory for `/`. */
  run(beginning: string): void {
    const here = commands(beginning).replace(/(^| )(\/(?:usr|etc|var|run)\/)/gm, `$1${this.path}$2`);
    const path = process.env['PATH'] as string;
    const env = {
      PATH: `${this.#tools}/bin:${path}`,
      REAL_PATH: path,
      ROOT: this.path,
      PACKAGES: `${this.#tools}/node_modules`,
    };
    const { status, stderr } = spawnSync('sh', ['-euc', here], { encoding: 'utf8', env });
    assert.equal(status, 0, stderr);
  }

  /** Number of the user or the group `providence`. */
  id(file: 'passwd' | 'group'): number {
    const lines = readFileSync(this.in(`etc/${file}`), 'utf8').split('\n');
    return Number(lines.find((line) => line.startsWith('providence:'))?.split(':')[2]);
  }

  /** Starts the program of the unit as its user, with its configuration moved in here; resolves when it is ready. */
  async serve(execStart: string): Promise<ChildProcess> {
    const [uid, gid] = [this.id('passwd'), this.id('group')];
    const state = this.in('var/lib/providence');
    mkdirSync(state, { mode: 0o700 });
    chownSync(state, uid, gid);
    const [program = '', serve = '', option = '', config = ''] = execStart.split(' ');
    const moved = join(dirname(this.in(config)), 'moved.toml');
    const text = readFileSync(this.in(config), 'utf8');
    writeFileSync(
      moved,
      text.replace(/"\/(run|var)\//g, `"${this.path}/$1/`).replace('"providence"', `"${gid}"`),
    );
    const as = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
    const child = spawn('setpriv', [...as, this.in(program), serve, option, moved], {
      env: {
        ...environment(),
        PROVIDENCE_LISTEN__TCP: '[]',
        PROVIDENCE_HTTP__HOST: '""',
        PROVIDENCE_LOG__LEVEL: 'warn',
      },
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('Ready.')) break;
    return child;
  }

  /** Runs a command of the program as a user who is nobody here, with the groups that the option of setpriv says. */
  asNobody(groups: string, command: string, ...args: readonly string[]): SpawnSyncReturns<string> {
    const program = [this.in('usr/local/bin/providence'), command];
    const options = ['--socket', this.in('run/providence/providence.sock')];
    const as = [`--reuid=${STRANGER}`, `--regid=${STRANGER}`, groups];
    const env = environment();
    return spawnSync('setpriv', [...as, ...program, ...options, ...args], {
      env,
      cwd: '/',
      encoding: 'utf8',
    });
  }

  remove(): void {
    for (const directory of [this.path, this.#tools]) rmSync(directory, { recursive: true });
  }
}

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] };
}

function commands(beginning: string): string {
  const page = readFileSync('docs/operating.md', 'utf8');
  const blocks = [...page.matchAll(/^```\n([\s\S]*?)^```$/gm)].map(([, block]) => block as string);
  const block = blocks.find((text) => text.startsWith(beginning));
  assert.ok(block !== undefined, `no block of docs/operating.md begins with ${beginning}`);
  return block;
}

/** What `npm ci --omit=dev` would fetch, taken from what is installed here: nothing that only tests and builds need. */
function copyRuntimePackages(directory: string): void {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    if (path === '' || dev === true || devOptional === true || !existsSync(path)) continue;
    cpSync(realpathSync(path), join(directory, path), { recursive: true });
  }
}
