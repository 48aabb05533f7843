import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { it } from 'node:test';

/** The house: a room never imports from a later floor (CONTRIBUTING.md). */
const FLOORS: readonly (readonly string[])[] = [
  ['directory.ts', 'errors.ts', 'lru.ts', 'secret-source.ts', 'turns.ts', 'version.ts', 'model'],
  ['config', 'pnp', 'spamd', 'supervisor', 'text', 'metrics', 'logger.ts', 'log-destination.ts'],
  ['access', 'store', 'live'],
  ['filters', 'linear'],
  ['pipeline'],
  ['verbs'],
  ['server'],
  [
    'attendant.ts',
    'daemon.ts',
    'gauges.ts',
    'listeners.ts',
    'reload.ts',
    'reloadables.ts',
    'store-options.ts',
  ],
  ['cli', 'docs', 'main.ts'],
];

const floorOf = (path: string): number =>
  FLOORS.findIndex((rooms) => rooms.includes(path.split('/')[0] ?? ''));

it('no file imports from a later floor, and every room has a floor', () => {
  for (const name of readdirSync('src', { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    assert.notEqual(floorOf(name), -1, `${name} lies on no floor`);
    const text = readFileSync(join('src', name), 'utf8');
    for (const [, target] of text.matchAll(/from '(\.{1,2}\/[^']+)'/g)) {
      const imported = relative('src', join('src', dirname(name), target as string));
      if (imported.startsWith('..')) continue;
      assert.ok(floorOf(imported) <= floorOf(name), `${name} imports ${imported} from a later floor`);
    }
  }
});
