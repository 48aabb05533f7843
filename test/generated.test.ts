import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { variableOf } from '../src/config/environment.ts';
import { describeKeys } from '../src/config/key-path.ts';
import { loadConfig } from '../src/config/load.ts';
import { GENERATED } from '../src/docs/generated.ts';

const SHIPPED = 'test/config/shipped';
const PACKAGED = 'packaging/providence.toml';
const DIR = mkdtempSync(join(tmpdir(), 'pv-generated-'));
after(() => rmSync(DIR, { recursive: true }));

/** With all that is commented out for its being the default taken in. */
function uncommented(text: string): string {
  return text.replaceAll(/^#(?=[a-z_]+ = |\[)/gm, '');
}

function load(text: string) {
  const path = join(DIR, 'providence.toml');
  writeFileSync(path, text);
  return loadConfig(path, {}).config;
}

describe('what is made from the code', () => {
  for (const [path, text] of GENERATED) {
    it(`is current: ${path}`, () => {
      assert.ok(readFileSync(path, 'utf8') === text(), `${path} is out of date; run: npm run docs`);
    });
  }
});

describe('docs/configuration.md', () => {
  it('names every key, those in entries, and the variable of each', () => {
    const page = readFileSync('docs/configuration.md', 'utf8');
    for (const { key, entry = [] } of describeKeys()) {
      assert.ok(page.includes(`\n### \`${key}\`\n`), key);
      assert.ok(page.includes(`\`${variableOf(key.split('.'))}\``), key);
      for (const inner of entry) assert.ok(page.includes(`\n| \`${inner.key}\` | `), inner.key);
    }
  });
});

describe('packaging/providence.toml', () => {
  const text = readFileSync(PACKAGED, 'utf8');

  it('holds every key, in 80 columns', () => {
    for (const { key, entry } of describeKeys()) {
      const name = key.split('.').at(-1);
      assert.match(
        text,
        entry === undefined
          ? new RegExp(`^#?${name} = `, 'm')
          : new RegExp(`^#?(\\[\\[${key}\\]\\]|${name} = \\[\\]$)`, 'm'),
      );
    }
    assert.deepEqual(
      text.split('\n').filter((line) => line.length > 80),
      [],
    );
  });

  it('means the same with all that is commented out, which are the defaults', () => {
    assert.notEqual(uncommented(text), text);
    assert.deepEqual(load(uncommented(text)), load(text));
  });

  it('keeps what an installed system needs at its place', () => {
    const { listen, store } = load(text);
    assert.deepEqual(
      [store.directory, store.secret_file, ...listen.unix.map(({ path }) => path)],
      [
        '/var/lib/providence/store',
        '/var/lib/providence/secret',
        '/run/providence/providence.sock',
        '/run/providence/admin.sock',
      ],
    );
    assert.deepEqual(
      [listen.unix[0]?.mode, listen.unix[0]?.group, listen.unix[1]?.mode],
      ['660', 'providence', '600'],
    );
  });
});

describe('configurations of earlier releases', () => {
  const files = readdirSync(SHIPPED);

  it('are kept, that of this release too', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    assert.ok(files.includes(`${version}.toml`), `copy ${PACKAGED} to ${SHIPPED}/${version}.toml`);
  });

  for (const file of files) {
    it(`can be used: ${file}, as it is and with every key set`, () => {
      const text = readFileSync(join(SHIPPED, file), 'utf8');
      load(text);
      load(uncommented(text));
    });
  }
});
