import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { startDaemon } from './daemon-process.ts';
import { NotifySocket } from './notify-socket.ts';
import { chat, madeUp } from './stanzas.ts';

const TOOLS = ['strace', 'systemd-analyze', 'systemd-notify', 'perl'];
const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
const skip = missing.length === 0 ? false : `not installed: ${missing.join(', ')}`;

/** Asked for by V8 and libuv where the kernel has them; both go on without. */
const DISPENSABLE = new Set(['pkey_alloc', 'io_uring_setup']);

/** System calls of a set, with those of the sets in it. */
function callsOf(name: string): readonly string[] {
  if (!name.startsWith('@')) return [name];
  const { stdout, status } = spawnSync('systemd-analyze', ['syscall-filter', name], { encoding: 'utf8' });
  assert.equal(status, 0, `${name} is no set of system calls`);
  const lines = stdout.split('\n').slice(1);
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap(callsOf);
}

/** What the lines `SystemCallFilter=` of the unit allow: the first one begins a list, `~` takes from it (systemd.exec(5)). */
function allowedCalls(): ReadonlySet<string> {
  const allowed = new Set(callsOf('@default'));
  const text = readFileSync('systemd/providence.service', 'utf8');
  for (const [, without, names = ''] of text.matchAll(/^SystemCallFilter=(~?)(.+)$/gm)) {
    for (const call of names.split(' ').flatMap(callsOf)) {
      if (without === '~') allowed.delete(call);
      else allowed.add(call);
    }
  }
  return allowed;
}

/** strace outlives what it traced by a moment. */
async function wholeTrace(path: string): Promise<string> {
  const end = performance.now() + 20_000;
  while (performance.now() < end) {
    const text = readFileSync(path, 'utf8');
    if (text.includes('+++ exited with 0 +++')) return text;
    await sleep(20);
  }
  assert.fail('strace did not finish its log');
}

it('the daemon at work makes no system call that its unit denies', { skip }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'pv-syscalls-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const notify = await NotifySocket.open(join(dir, 'notify'));
  t.after(() => notify.close());
  const trace = join(dir, 'trace');
  const daemon = await startDaemon({
    dir,
    config: 'store.checkpoint_seconds = 1',
    env: {
      NOTIFY_SOCKET: notify.path,
      WATCHDOG_USEC: '200000',
      // With a group, so that a socket is given to it.
      PROVIDENCE_LISTEN__UNIX: `[{ path = "${dir}/p.sock", group = "${process.getgid?.()}" }, { path = "${dir}/a.sock", rights = ["check", "learn", "admin"] }]`,
    },
    wrapper: ['strace', '-f', '-D', '-q', '-o', trace],
  });
  const admin = new PnpClient({ path: daemon.adminPath, timeoutMs: 20_000 });
  for (let number = 0; number < 20; number += 1) {
    await admin.tell({ label: 'spam', stanza: chat(madeUp('spam', number)) });
    await admin.check(chat(madeUp('ham', number)), { to: 'juliet@capulet.example' });
  }
  await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`).then((response) => response.text());
  await notify.heard('WATCHDOG', 2);
  admin.close();
  assert.equal(await daemon.stop(), 0);
  const made = new Map<string, string>();
  for (const [line, call = ''] of (await wholeTrace(trace)).matchAll(/^\d+ +([a-z]\w*)\(.*$/gm))
    made.set(call, line);
  assert.ok(made.size > 40 && made.has('chown') && made.has('execve'), `${made.size} calls were seen`);
  const allowed = allowedCalls();
  const denied = [...made].filter(([call]) => !allowed.has(call) && !DISPENSABLE.has(call));
  assert.deepEqual(denied, []);
});
