import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'smol-toml';
import { schema } from '../src/config/schema.ts';
import { ScratchRoot } from './scratch-root.ts';

const TOOLS = ['systemd-analyze', 'systemd-sysusers', 'systemd-tmpfiles', 'systemctl', 'setpriv'];
const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
const withoutTools = missing.length === 0 ? false : `not installed: ${missing.join(', ')}`;
const skip = process.getuid?.() === 0 ? withoutTools : 'only root can install';

/** How the blocks of commands in docs/operating.md begin. */
const INSTALL = 'rm -rf /usr/lib/providence.new';
const UNINSTALL = 'systemctl disable';
/** What makes systemd start them. */
const WANTS = [
  'etc/systemd/system/multi-user.target.wants/providence.service',
  'etc/systemd/system/sockets.target.wants/providence.socket',
];

/** Settings of a unit with their values in order; systemd allows a setting more than once. */
function settingsOf(name: string): ReadonlyMap<string, readonly string[]> {
  const settings = new Map<string, string[]>();
  for (const [, key = '', value = ''] of readFileSync(`systemd/${name}`, 'utf8').matchAll(/^(\w+)=(.*)$/gm))
    settings.set(key, [...(settings.get(key) ?? []), value]);
  return settings;
}

/** Reads a setting that is there once. */
function reader(name: string): (key: string) => string {
  const settings = settingsOf(name);
  return (key) => {
    const values = settings.get(key) ?? [];
    assert.equal(values.length, 1, `${key}= is in ${name} once`);
    return values[0] as string;
  };
}

const service = reader('providence.service');
const socket = reader('providence.socket');

describe('the units', () => {
  const config = schema.parse(parse(readFileSync('packaging/providence.toml', 'utf8')));

  it('say the same as the configuration that is installed with them', () => {
    const path = socket('ListenStream');
    const listener = config.listen.unix.find((each) => each.path === path);
    assert.ok(listener !== undefined, `${path} is no listener`);
    assert.equal(Number.parseInt(socket('SocketMode'), 8), Number.parseInt(listener.mode, 8));
    assert.equal(socket('SocketMode'), '0660');
    assert.equal(socket('SocketGroup'), 'providence');
    assert.equal(listener.group, service('Group'));
    for (const each of config.listen.unix)
      assert.equal(dirname(each.path), `/run/${service('RuntimeDirectory')}`);
    for (const each of [config.store.directory, config.store.secret_file])
      assert.equal(dirname(each), `/var/lib/${service('StateDirectory')}`);
  });

  it('leave room for the default limits', () => {
    assert.ok(Number(service('LimitNOFILE')) >= 2 * config.limits.connections_max);
    // The last resort of `serve` comes 10 s after the drain.
    assert.ok(Number.parseInt(service('TimeoutStopSec'), 10) >= config.limits.drain_seconds_max + 20);
  });

  it('name the files and the times that docs/operating.md names', () => {
    const page = readFileSync('docs/operating.md', 'utf8');
    const [program = '', , , file = ''] = service('ExecStart').split(' ');
    for (const name of [dirname(dirname(program)), file, socket('ListenStream')])
      assert.ok(page.includes(`\`${name}\``), `docs/operating.md does not name ${name}`);
    assert.ok(page.includes(`stands still for ${Number.parseInt(service('WatchdogSec'), 10)} s`));
  });
});

describe('an installation', { skip }, () => {
  let root: ScratchRoot;
  before(() => {
    root = new ScratchRoot();
    root.run(INSTALL);
  });
  after(() => root.remove());

  const analyze = (...args: readonly string[]) =>
    spawnSync('systemd-analyze', [...args, `--root=${root.path}`, '--no-pager', 'providence.service'], {
      encoding: 'utf8',
    });

  it('has units without a complaint', () => {
    const { status, stdout, stderr } = analyze('verify', 'providence.socket');
    assert.deepEqual([status, stdout, stderr], [0, '', '']);
  });

  it('is hardened: an exposure of at most 2.0', () => {
    const { status, stdout } = analyze('security', '--offline=yes', '--threshold=20');
    assert.match(stdout, /Overall exposure level for providence\.service: (1\.\d|2\.0) /);
    assert.equal(status, 0, stdout);
  });

  it('is started with the machine, the socket as well', () => {
    for (const link of WANTS) assert.ok(lstatSync(root.in(link)).isSymbolicLink(), link);
  });

  it('has a user of its own, and a directory for the sockets that its group may enter', () => {
    const { mode, uid, gid } = statSync(root.in('run/providence'));
    assert.deepEqual([mode & 0o777, uid, gid], [0o750, root.id('passwd'), root.id('group')]);
    assert.ok(uid > 0 && gid > 0);
  });

  it('serves as that user, and whoever is in its group', async (t) => {
    const daemon = await root.serve(service('ExecStart'));
    t.after(() => daemon.kill('SIGKILL'));
    const { mode, uid, gid } = statSync(root.in('run/providence/providence.sock'));
    assert.deepEqual([mode & 0o777, uid, gid], [0o660, root.id('passwd'), root.id('group')]);
    assert.equal(statSync(root.in('run/providence/admin.sock')).mode & 0o777, 0o600);
    // As the XMPP server, with the group and without.
    assert.equal(root.asNobody(`--groups=${gid}`, 'ping').status, 0);
    assert.equal(root.asNobody('--clear-groups', 'ping').status, 77);
    const example = root.in('usr/lib/providence/docs/examples/spam.xml');
    const { stdout } = root.asNobody(`--groups=${gid}`, 'check', '--explain', example);
    assert.match(stdout, /bayes\.server .* starter\)/, 'the starter table is not installed');
    daemon.kill('SIGTERM');
    assert.deepEqual(await once(daemon, 'exit'), [0, null]);
  });

  it('can be installed again, and keeps its configuration', () => {
    const config = root.in('etc/providence/providence.toml');
    writeFileSync(config, '# mine\n');
    root.run(INSTALL);
    assert.equal(readFileSync(config, 'utf8'), '# mine\n');
  });

  it('is taken away again, but for what was learnt', () => {
    root.run(UNINSTALL);
    const gone = ['usr/lib/providence', 'usr/local/bin/providence', 'etc/systemd/system/providence.service'];
    for (const path of [...gone, ...WANTS])
      assert.equal(lstatSync(root.in(path), { throwIfNoEntry: false }), undefined, path);
    for (const path of ['var/lib/providence/secret', 'etc/providence/providence.toml'])
      assert.ok(existsSync(root.in(path)), path);
  });
});
