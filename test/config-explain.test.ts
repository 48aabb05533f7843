import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { explain, findSubject } from '../src/cli/config-explain.ts';
import { knownKeys } from '../src/config/key-path.ts';
import { loadConfig } from '../src/config/load.ts';
import { spoken, unitOf } from '../src/config/quantity.ts';
import { runCli } from './cli-process.ts';

const DIR = mkdtempSync(join(tmpdir(), 'pv-explain-'));
after(() => rmSync(DIR, { recursive: true }));
const FILE = join(DIR, 'providence.toml');

const TEXT = `limits.shed_ms = 100
traces.bytes_max = 2097152

[[listen.unix]]
path = "/tmp/a"

[[listen.unix]]
path = "/tmp/b"
mode = "600"
`;

function explained(key: string, env: NodeJS.ProcessEnv = {}): string {
  writeFileSync(FILE, TEXT);
  const loaded = loadConfig(FILE, env);
  return explain(findSubject(key), { ...loaded, sources: { ...loaded.sources, name: 'FILE' } });
}

describe('config explain', () => {
  it('says all of a number', () => {
    assert.equal(
      explained('traces.bytes_max'),
      `traces.bytes_max

Room for traces in bytes; the oldest go first.

type         whole number, bytes
bounds       1048576 (1 MiB) to 1099511627776 (1 TiB)
default      268435456 (256 MiB)
in force     2097152, from FILE, line 2
environment  PROVIDENCE_TRACES__BYTES_MAX
a change     is taken by a reload, or at the next start
beside it    traces.days`,
    );
  });

  it('names the variable that sets a key, and the default where nothing does', () => {
    const env = { PROVIDENCE_LIMITS__SHED_MS: '7' };
    assert.match(explained('limits.shed_ms', env), /^in force +7, from PROVIDENCE_LIMITS__SHED_MS$/m);
    assert.match(explained('limits.head_bytes_max'), /^in force +16384, the default$/m);
  });

  it('says of a key of list entries what each entry holds, with the line of each', () => {
    const text = explained('listen.unix.mode');
    assert.match(text, /^in force +"660", the default\n +"600", from FILE, line 9$/m);
    assert.equal(explained('listen.unix.1.mode'), text);
    assert.match(explained('listen.unix.path'), /^default +none: it must be given$/m);
    assert.match(explained('listen.unix.path'), /^a change +needs a restart$/m);
    assert.match(explained('listen.unix.rights'), /^a change +is taken by a reload, or at the next start$/m);
    assert.match(explained('listen.unix'), /^a change +needs a restart, but for rights, domains$/m);
    assert.match(
      explained('listen.tcp.tls_certificate').replace(/\s+/g, ' '),
      /a change is taken by a reload, or at the next start; from or to empty by a restart/,
    );
  });

  it('lays an entry to the variable that set its list or its part', () => {
    const whole = { PROVIDENCE_LISTEN__UNIX: '[{ path = "/c" }]' };
    assert.match(explained('listen.unix.path', whole), /^in force +"\/c", from PROVIDENCE_LISTEN__UNIX$/m);
    assert.match(explained('listen.unix.mode', whole), /^in force +"660", the default$/m);
    const part = { PROVIDENCE_LISTEN__UNIX__1__MODE: '"640"' };
    assert.match(
      explained('listen.unix.mode', part),
      /^in force .*the default\n +"640", from PROVIDENCE_LISTEN__UNIX__1__MODE$/m,
    );
  });

  it('lists the keys of a table with their values', () => {
    assert.match(explained('limits'), /^ {2}shed_ms +100 +Age of a waiting request/m);
    assert.match(explained('listen'), /^ {2}unix +2 in the list +Unix sockets\./m);
    assert.match(explained('bayes'), /^ {2}server\.weight +60 /m);
  });

  it('has something to say of every key and table, in 80 columns', () => {
    for (const key of knownKeys()) {
      const text = explained(key);
      assert.deepEqual(
        text.split('\n').filter((line) => line.length > 80),
        [],
        key,
      );
      assert.ok(text.length > key.length + 40, key);
    }
  });

  it('leads from a wrong key to the nearest, with 64', async () => {
    for (const [key, nearest] of [
      ['thresholds.spm', 'thresholds.spam'],
      ['shed_ms', 'limits.shed_ms'],
      ['listen.unix.0.mod', 'listen.unix.mode'],
    ] as const) {
      const { code, stdout, stderr } = await runCli(['config', 'explain', key]);
      assert.deepEqual([code, stdout], [64, '']);
      assert.ok(stderr.includes(`did you mean \`${nearest}\`?`), stderr);
    }
    const { code, stderr } = await runCli(['config', 'explain', 'nothing.like.it']);
    assert.equal(code, 64);
    assert.match(
      stderr,
      /^providence: There is no key `nothing\.like\.it`\. All keys: `providence config show`\.\n$/,
    );
  });

  it('explains a key in spite of a broken file, and says what is broken', async () => {
    const path = join(DIR, 'broken.toml');
    writeFileSync(path, '[limits]\nshed_ms = 0\n');
    const { code, stdout, stderr } = await runCli(['config', 'explain', 'limits.shed_ms', '--config', path]);
    assert.equal(code, 78);
    assert.match(stdout, /^bounds +1 to 60000$/m);
    assert.doesNotMatch(stdout, /in force/);
    assert.match(stderr, /line 2: `limits\.shed_ms`/);
  });
});

describe('quantities', () => {
  it('take their unit from the name of the key', () => {
    const units = ['limits.shed_ms', 'karma.jid_rate.recipients_per_hour', 'http.port', 'thresholds.ham'];
    assert.deepEqual(units.map(unitOf), ['milliseconds', 'recipients an hour', undefined, 'points']);
  });

  it('are said shorter only where that is exact', () => {
    assert.equal(spoken(16_777_216, 'bytes'), '16 MiB');
    assert.equal(spoken(16_777_217, 'bytes'), undefined);
    assert.equal(spoken(7_200, 'seconds'), '2 h');
    assert.equal(spoken(1_024, 'tokens'), undefined);
  });
});
