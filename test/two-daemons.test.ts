import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { chat, madeUp } from './stanzas.ts';

const MAIN = join(import.meta.dirname, '../src/main.js');
/** A process id namespace of its own, as a container has it. */
const CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
const hasContainers = spawnSync(CONTAINER[0]!, [...CONTAINER.slice(1), 'true']).status === 0;

describe('a second daemon on a store in use', () => {
  let first: DaemonProcess;
  let client: PnpClient;
  let lessons = 0;
  const other = mkdtempSync(join(tmpdir(), 'pv-two-'));

  before(async () => {
    first = await startDaemon();
    client = new PnpClient({ path: first.adminPath, timeoutMs: 10_000 });
  });
  after(async () => {
    client.close();
    assert.equal(await first.stop(), 0);
    rmSync(first.dir, { recursive: true, force: true });
    rmSync(other, { recursive: true });
  });

  /** With sockets of its own unless they are given. */
  const serve = (store: string, options: { sockets?: string; cwd?: string; under?: string[] } = {}) => {
    const config = join(other, 'providence.toml');
    const lines = [
      `listen.unix = [{ path = "${options.sockets ?? join(other, 'p.sock')}" }]`,
      'listen.tcp = []',
      'http.host = ""',
      `store.directory = "${store}"`,
      `store.secret_file = "${join(first.dir, 'secret')}"`,
    ];
    writeFileSync(config, lines.join('\n'));
    const [command = '', ...args] = [
      ...(options.under ?? []),
      process.execPath,
      MAIN,
      'serve',
      '--config',
      config,
    ];
    return spawnSync(command, args, { cwd: options.cwd, encoding: 'utf8', timeout: 20_000 });
  };

  /** The first one serves, learns, and still holds its lock. */
  const isUnharmed = async () => {
    const stanza = chat(madeUp('spam', lessons));
    assert.equal((await client.tell({ label: 'spam', stanza })).didSet, true);
    lessons += 1;
    assert.equal((await client.tell({ label: 'spam', stanza })).unchanged, 'already-taught');
    const other = new PnpClient({ path: first.unixPath, timeoutMs: 10_000 });
    await other.ping();
    other.close();
    assert.match(readFileSync(join(first.dir, 'store/owner.pid'), 'utf8'), new RegExp(`^${first.pid} `));
  };

  const link = join(other, 'link');
  const CASES = [
    { name: 'with the same sockets', store: () => join(first.dir, 'store'), sockets: () => first.unixPath },
    { name: 'with other sockets', store: () => join(first.dir, 'store') },
    { name: 'through a symbolic link', store: () => link },
    { name: 'by a relative path', store: () => relative(other, join(first.dir, 'store')), cwd: other },
  ];
  for (const { name, store, sockets, cwd } of CASES)
    it(`is refused ${name}`, async () => {
      if (!existsSync(link)) symlinkSync(join(first.dir, 'store'), link);
      const options = { ...(sockets && { sockets: sockets() }), ...(cwd !== undefined && { cwd }) };
      const { status, stderr, stdout } = serve(store(), options);
      assert.equal(
        stderr,
        `providence: The store in ${resolve(cwd ?? '.', store())} is in use by process ${first.pid}; stop that process, or use another directory.\n`,
      );
      assert.deepEqual([status, stdout], [69, '']);
      await isUnharmed();
    });

  it('is refused from another container, where the pid is nobody’s or its own', async (t) => {
    if (!hasContainers) return t.skip('unshare cannot make a pid namespace here');
    const { status, stderr } = serve(join(first.dir, 'store'), { under: CONTAINER });
    assert.match(stderr, /is in use by a process of another container, there \d+; stop that process, or use/);
    assert.equal(status, 69);
    await isUnharmed();
  });

  it('left nothing in the directory, and may have it when the first one was killed', async () => {
    await first.kill();
    first = await startDaemon({ dir: first.dir });
    const counted = new PnpClient({ path: first.adminPath, timeoutMs: 10_000 });
    const { body } = await counted.call('STATS');
    counted.close();
    assert.match(body.toString(), new RegExp(`providence_lessons_live ${lessons}\\r\\n`));
    const left = readdirSync(join(first.dir, 'store')).map((name) => name.replace(/[0-9a-f]{16}/, '…'));
    assert.deepEqual(left.sort(), ['data.mdb', 'lock.mdb', 'owner.pid', 'owner.….sock'].sort());
  });
});
