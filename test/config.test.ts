import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { describeKeys } from '../src/config/key-path.ts';
import { defaultConfig, loadConfig } from '../src/config/load.ts';
import { schema } from '../src/config/schema.ts';
import { ConfigError } from '../src/errors.ts';

const DIR = mkdtempSync(join(tmpdir(), 'pv-config-'));
after(() => rmSync(DIR, { recursive: true }));

function load(text: string, env: NodeJS.ProcessEnv = {}) {
  const path = join(DIR, 'providence.toml');
  writeFileSync(path, text);
  return loadConfig(path, env).config;
}

const BROKEN: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  [
    'an unknown key',
    '[thresholds]\nspm = 4\n',
    /line 2: unknown key `thresholds\.spm`; did you mean `thresholds\.spam`\?/,
  ],
  [
    'an unknown table',
    '[treshold]\nspam = 4\n',
    /line 1: unknown key `treshold`; did you mean `thresholds`\?/,
  ],
  [
    'an unknown key in a listener',
    '[[listen.unix]]\npath = "a"\nmod = "660"\n',
    /line 3: unknown key `listen\.unix\.0\.mod`/,
  ],
  ['a wrong type', '[thresholds]\nspam = "5"\n', /line 2: `thresholds\.spam` must be a number\.$/],
  ['a number that is not whole', '[limits]\nheaders_max = 9.5\n', /line 2: .* must be a whole number\.$/],
  ['a list that is none', 'credentials = {}\n', /line 1: `credentials` must be a list\.$/],
  [
    'what is missing',
    '[[listen.unix]]\nmode = "660"\n',
    /line 1: `listen\.unix\.0\.path` is missing; it is text/,
  ],
  ['text that is empty', '[[listen.unix]]\npath = ""\n', /line 2: .* must not be empty\.$/],
  [
    'text that is too long',
    `[[listen.unix]]\npath = "${'x'.repeat(108)}"\n`,
    /line 2: .* must have at most 107 characters\.$/,
  ],
  ['a value out of bounds', '\n[limits]\nshed_ms = 0\n', /line 3: `limits\.shed_ms` must be at least 1\.$/],
  [
    'a word that is not in the list',
    '[actions]\nspam = "junk"\n',
    /line 2: `actions\.spam` must be one of "deliver", "mark"\.$/,
  ],
  ['broken TOML', '[limits\n', /line 1, column \d+/],
  ['thresholds the wrong way round', '[thresholds]\nham = 6\n', /line 2: `thresholds\.ham` must be below/],
  [
    'a fit that could never have lessons enough',
    '[linear.server]\nlessons_max = 100\nlessons_min = 51\n',
    /line 2: `linear\.server\.lessons_max` must be at least twice linear\.server\.lessons_min/,
  ],
  [
    'no listener at all',
    'listen.unix = []\nlisten.tcp = []\n',
    /line 1: `listen\.unix` and listen\.tcp are both empty/,
  ],
  ['a mode that is none', '[[listen.unix]]\npath = "a"\nmode = "999"\n', /line 3: .* three octal digits/],
  [
    'a fault in the second of two listeners',
    '[[listen.unix]]\npath = "a"\n[[listen.unix]]\npath = "b"\nrights = ["root"]\n',
    /line 5: `listen\.unix\.1\.rights\.0`/,
  ],
  [
    'a listener without a path',
    '\n[[listen.unix]]\nmode = "600"\n',
    /line 2: `listen\.unix\.0\.path` is missing; it is text in quotes\./,
  ],
  [
    'an unknown name in an inline table, and names the nearest key',
    'listen.unix = [\n  { path = "a", mod = "660" },\n]\n',
    /line 2: unknown key `listen\.unix\.0\.mod`; did you mean `listen\.unix\.mode`\?/,
  ],
  [
    'a key without its table, and names the one that has it',
    'shed_ms = 5\n',
    /line 1: unknown key `shed_ms`; did you mean `limits\.shed_ms`\?/,
  ],
  [
    'a key in quotes, with the line ends of Windows',
    '[ "limits" ]\r\n\r\n"shed_ms" = 0\r\n',
    /line 3: `limits\.shed_ms` must be at least 1/,
  ],
  [
    'two listeners on one path',
    '[[listen.unix]]\npath = "a"\n[[listen.unix]]\npath = "a"\n',
    /line 4: `listen\.unix\.1\.path` is the path of another listener/,
  ],
];

describe('loadConfig', () => {
  for (const [name, text, message] of BROKEN) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => load(text),
        (error: Error) => {
          assert.ok(error instanceof ConfigError);
          assert.match(error.message, message);
          assert.equal(error.message.split('\n').length, 1);
          return true;
        },
      );
    });
  }

  it('names a file that is not there', () => {
    assert.throws(() => loadConfig(join(DIR, 'none.toml'), {}), /none\.toml: cannot be read \(ENOENT\)/);
  });

  it('takes the environment over the file, and the file over the defaults', () => {
    const config = load('[thresholds]\nspam = 6\n', {
      PROVIDENCE_THRESHOLDS__SPAM: '7',
      PROVIDENCE_LOG__LEVEL: 'warn',
    });
    assert.equal(config.thresholds.spam, 7);
    assert.equal(config.log.level, 'warn');
    assert.equal(load('[thresholds]\nspam = 6\n').thresholds.spam, 6);
    assert.equal(load('').thresholds.spam, defaultConfig().thresholds.spam);
  });

  it('refuses an unknown key from the environment too', () => {
    assert.throws(() => load('', { PROVIDENCE_THRESHOLDS__SPIM: '7' }), /did you mean `thresholds\.spam`/);
  });

  it('names the variable that a fault comes from', () => {
    const env = { PROVIDENCE_THRESHOLDS__SPAM: 'six' };
    assert.throws(
      () => load('[thresholds]\nspam = 6\n', env),
      /^ConfigError: PROVIDENCE_THRESHOLDS__SPAM: `thr/,
    );
  });

  it('names the variable where it set the whole list that a fault is in', () => {
    const env = { PROVIDENCE_LISTEN__UNIX: '[{ path = "a", mode = 1 }]' };
    assert.throws(
      () => load('[[listen.unix]]\npath = "a"\n', env),
      /^ConfigError: PROVIDENCE_LISTEN__UNIX: `listen\.unix\.0\.mode`/,
    );
  });

  it('sets a table before what is in it, in whatever order the variables come', () => {
    const whole = { PROVIDENCE_LISTEN__UNIX: '[{ path = "/a" }]' };
    const part = { PROVIDENCE_LISTEN__UNIX__0__MODE: '"600"' };
    for (const env of [
      { ...whole, ...part },
      { ...part, ...whole },
    ])
      assert.equal(load('', env).listen.unix[0]?.mode, '600');
  });

  it('names the variables that set nothing, and the nearest that would', () => {
    const path = join(DIR, 'empty.toml');
    writeFileSync(path, '');
    const { unused } = loadConfig(path, {
      PROVIDENCE_THRESHOLDS_SPAM: '7',
      PROVIDENCE_PORT: 'tcp://192.0.2.1:7711',
      PROVIDENCE_CONFIG: path,
      PROVIDENCE_SOCKET: 'a',
      PROVIDENCE_LOG__LEVEL: 'warn',
      OTHER: 'x',
    });
    assert.deepEqual(unused, [
      { name: 'PROVIDENCE_PORT', nearest: undefined },
      { name: 'PROVIDENCE_THRESHOLDS_SPAM', nearest: 'PROVIDENCE_THRESHOLDS__SPAM' },
    ]);
  });

  it('takes an empty PROVIDENCE_CONFIG for none', () => {
    assert.equal(loadConfig(undefined, { PROVIDENCE_CONFIG: '' }).path, loadConfig(undefined, {}).path);
  });

  it('takes relative paths from the directory of the file', () => {
    assert.equal(load('[store]\ndirectory = "db"\n').store.directory, join(DIR, 'db'));
  });
});

describe('the schema', () => {
  const keys = describeKeys();

  it('says of each key, in entries of lists too, whether it needs a restart', () => {
    const restarts = new Map(keys.map(({ key, restart }) => [key, restart]));
    assert.equal(restarts.get('store.directory'), true);
    assert.equal(restarts.get('thresholds.spam'), false);
    const entry = keys.find(({ key }) => key === 'listen.unix')?.entry ?? [];
    assert.equal(entry.find(({ key }) => key === 'path')?.restart, true);
  });

  it('gives every key a default and a sentence', () => {
    assert.ok(keys.length > 50);
    for (const { key, prose, default: fallback, entry = [] } of keys) {
      assert.notEqual(fallback, undefined, key);
      for (const text of [prose, ...entry.map((inner) => inner.prose)])
        assert.match(text, /^[A-Z].*\.$/s, key);
    }
  });

  it('bounds every number', () => {
    for (const { key, default: fallback, minimum, maximum } of keys) {
      if (typeof fallback === 'number') assert.ok(minimum !== undefined && maximum !== undefined, key);
    }
  });

  it('holds its bounds', () => {
    for (const { key, minimum, maximum } of keys) {
      if (minimum === undefined || maximum === undefined) continue;
      for (const value of [minimum - 1, maximum + 1])
        assert.equal(schema.safeParse(nested(key, value)).success, false, `${key} = ${value}`);
    }
  });
});

function nested(key: string, value: number): object {
  return key.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object;
}
