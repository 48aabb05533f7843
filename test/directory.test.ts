import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const NOBODY = 65_534;
/** Gives up what it needs to look into the directory where it stands. */
const SCRIPT = `
  const { chmodSync } = await import('node:fs');
  const { makeDirectories } = await import(process.argv[1]);
  chmodSync('.', 0);
  if (process.getuid() === 0) process.setuid(${NOBODY});
  try { makeDirectories('a/b', 0o700); } catch (error) { console.log(error.code); }
`;

test('makeDirectories comes back from where it may not look', (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'providence-directory-'));
  t.after(() => rmSync(cwd, { recursive: true }));
  const module = new URL('../src/directory.js', import.meta.url).href;
  const args = ['--input-type=module', '--eval', SCRIPT, module];
  const { stdout } = spawnSync(process.execPath, args, { cwd, timeout: 20_000, encoding: 'utf8' });
  assert.equal(stdout, 'EACCES\n');
});
