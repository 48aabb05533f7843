import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import type { Finding } from '../src/cli/checks/finding.ts';
import { checkConfig } from '../src/cli/config-check.ts';
import { loadConfig } from '../src/config/load.ts';
import { runCli, runCommand } from './cli-process.ts';

const MAIN = join(import.meta.dirname, '../src/main.js');
const ROOT = mkdtempSync(join(tmpdir(), 'pv-check-'));
// Looked at by another user, too.
chmodSync(ROOT, 0o755);
after(() => rmSync(ROOT, { recursive: true }));
const NOBODY = 65_534;
const openssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

let dir = '';
let count = 0;
beforeEach(() => {
  count += 1;
  dir = join(ROOT, `${count}`);
  mkdirSync(dir);
});

/** Files of a place where all is well; what a test says of a table comes first. */
const GOOD = `store.directory = "store"
store.secret_file = "secret"
listen.unix = [{ path = "p.sock" }, { path = "a.sock", mode = "600", rights = ["admin"] }]
`;

function write(text: string): string {
  const path = join(dir, 'providence.toml');
  writeFileSync(path, text);
  return path;
}

function check(text: string, env: NodeJS.ProcessEnv = {}, now = Date.now()) {
  return checkConfig(loadConfig(write(text), env), now);
}

function found(text: string, level: string, env: NodeJS.ProcessEnv = {}): string[] {
  return check(text, env)
    .findings.filter((finding) => finding.level === level)
    .map((finding) => `${finding.about} (${finding.place}): ${finding.text}`);
}

/**
 * What it finds as a user for whom rights count. The program is loaded first: another user may not be let through to its files,
 * nor to where coverage is written.
 */
async function foundByNobody(path: string): Promise<Finding[]> {
  const module = (name: string) => JSON.stringify(join(import.meta.dirname, '../src', name));
  const script = `
    import { checkConfig } from ${module('cli/config-check.js')};
    import { loadConfig } from ${module('config/load.js')};
    const loaded = loadConfig(${JSON.stringify(path)}, {});
    if (process.geteuid() === 0) {
      process.setgroups([]);
      process.setgid(${NOBODY});
      process.setuid(${NOBODY});
    }
    console.log(JSON.stringify(checkConfig(loaded, Date.now()).findings));`;
  const args = ['--input-type=module', '--eval', script];
  const { stdout, stderr } = await runCommand(process.execPath, args, {
    env: { NODE_V8_COVERAGE: undefined },
  });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

describe('config check', () => {
  it('has no problem with a place where a daemon can start, and leaves it as it was', () => {
    const report = check(GOOD);
    assert.deepEqual([report.usable, found(GOOD, 'problem')], [true, []]);
    assert.deepEqual(readdirSync(dir), ['providence.toml']);
  });

  const PROBLEMS: readonly (readonly [name: string, make: () => void, text: string, problem: RegExp])[] = [
    [
      'a file where the store should be',
      () => writeFileSync(join(dir, 'store'), ''),
      GOOD,
      /^store\.directory \(line 1\): .*store is no directory\. Move it away/,
    ],
    [
      'a store that is none',
      () => {
        mkdirSync(join(dir, 'store'));
        writeFileSync(join(dir, 'store/data.mdb'), 'x'.repeat(5_000));
        writeFileSync(join(dir, 'secret'), Buffer.alloc(32), { mode: 0o600 });
      },
      GOOD,
      /^store\.directory \(line 1\): .*data\.mdb is damaged/,
    ],
    [
      'a secret that others may read',
      () => {
        writeFileSync(join(dir, 'secret'), Buffer.alloc(32));
        chmodSync(join(dir, 'secret'), 0o644);
      },
      GOOD,
      /^store\.secret_file \(line 2\): .*chmod 600/,
    ],
    [
      'a secret that is lost while its store is there',
      () => {
        mkdirSync(join(dir, 'store'));
        writeFileSync(join(dir, 'store/data.mdb'), '');
      },
      GOOD,
      /^store\.secret_file \(line 2\): .*is missing, and the store .* Restore it from a backup/,
    ],
    [
      'a file where a socket should be',
      () => writeFileSync(join(dir, 'a.sock'), ''),
      GOOD,
      /^listen\.unix\.1\.path \(line 3\): .*a\.sock is there and is no socket\./,
    ],
    [
      'a file where the directory of a socket should be',
      () => writeFileSync(join(dir, 'run'), ''),
      '[[listen.unix]]\npath = "run/p.sock"\n',
      /^listen\.unix\.0\.path \(line 2\): .*run is no directory/,
    ],
    [
      'a group that is not there',
      () => undefined,
      '[[listen.unix]]\npath = "p.sock"\n\ngroup = "no-such-group"\n',
      /^listen\.unix\.0\.group \(line 4\): There is no group no-such-group/,
    ],
  ];
  for (const [name, make, text, problem] of PROBLEMS) {
    it(`finds ${name}`, () => {
      make();
      const problems = found(text, 'problem');
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] as string, problem);
      assert.equal(check(text).usable, false);
    });
  }

  it('finds a secret of a credential that is too short, and says nothing of it', () => {
    writeFileSync(join(dir, 'short'), 'hunter2\n', { mode: 0o600 });
    const text = '[[credentials]]\nname = "a"\nsecret = "./short"\n';
    const [problem = '', ...more] = found(text, 'problem');
    assert.match(problem, /^credentials\.0\.secret \(line 3\): .* 7 bytes instead of 16/);
    assert.deepEqual([more, problem.includes('hunter2')], [[], false]);
  });

  it('knows a variable that holds a secret from one that sets nothing', () => {
    const text = '[[credentials]]\nname = "a"\nsecret = "environment:PROVIDENCE_A"\n';
    const env = { PROVIDENCE_A: 'x'.repeat(32), PROVIDENCE_B: 'y' };
    assert.deepEqual(
      loadConfig(write(text), env).unused.map(({ name }) => name),
      ['PROVIDENCE_B'],
    );
  });

  it('leaves to the unit what systemd gives to the daemon alone', () => {
    const text = `${GOOD.replace('"secret"', '"credential:secret"')}`;
    assert.deepEqual(found(text, 'problem'), []);
    assert.match(
      found(text, 'note').join('\n'),
      /store\.secret_file \(line 2\): systemd gives credential:secret to the daemon alone/,
    );
  });

  it('tries the certificate of a listener, and sees that it has expired', { skip: openssl }, () => {
    const text = `${GOOD}[[listen.tcp]]\ntls_certificate = "./tls.crt"\ntls_key = "./tls.key"\n`;
    assert.match(found(text, 'problem').join('\n'), /^listen\.tcp\.0\.tls_certificate \(line 5\): .*ENOENT/);
    const request =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days 30';
    const files = ['-keyout', join(dir, 'tls.key'), '-out', join(dir, 'tls.crt')];
    assert.equal(spawnSync('openssl', [...request.split(' '), ...files]).status, 0);
    assert.deepEqual(found(text, 'problem'), []);
    const expired = (days: number) =>
      check(text, {}, Date.now() + days * 86_400_000).findings.filter((one) => one.text.includes('expired'));
    assert.deepEqual([expired(29).length, expired(31).length], [0, 1]);
    assert.equal(expired(31)[0]?.level, 'hint');
  });

  it('finds a directory that this user may not write, and a group that it may not give to', async () => {
    const locked = join(dir, 'locked');
    mkdirSync(locked);
    // Whatever the umask is.
    chmodSync(dir, 0o755);
    chmodSync(locked, 0o555);
    const path = write(
      `store.directory = "locked/store"\nstore.secret_file = "locked"\n[[listen.unix]]\npath = "locked/p.sock"\ngroup = "0"\n`,
    );
    const problems = (await foundByNobody(path)).filter(({ level }) => level === 'problem');
    assert.deepEqual(
      problems.map(({ about, place }) => `${about} ${place}`),
      [
        'store.directory line 1',
        'listen.unix.0.path line 4',
        'listen.unix.0.group line 5',
        'store.secret_file line 2',
      ],
    );
    assert.match(
      problems[0]?.text ?? '',
      /cannot be seen or made by this user \(EACCES\)\. .*install -d -o USER/,
    );
    assert.match(problems[2]?.text ?? '', /no member of the group 0 .*usermod/);
  });

  it('tells root to ask as the user that the store belongs to', {
    skip: process.geteuid?.() === 0 ? false : 'needs root',
  }, async () => {
    mkdirSync(join(dir, 'store'));
    assert.deepEqual(
      found(GOOD, 'hint').filter((hint) => hint.includes('as root')),
      [],
    );
    chownSync(join(dir, 'store'), NOBODY, NOBODY);
    assert.match(found(GOOD, 'hint').join('\n'), /looked at as root, .* runuser -u "\$\(id -nu 65534\)"/);
  });

  const HINTS: readonly (readonly [name: string, text: string, env: NodeJS.ProcessEnv, hint: RegExp])[] = [
    [
      'a unit without lessons and starter table',
      '[bayes.server]\nlessons_min = 7\n[bayes.starter]\nstrength = 0\n',
      {},
      /^bayes\.server .*until it knows 7 spam and 7 ham\. Teach it: providence train FILE/,
    ],
    [
      'a starter table that cannot be read',
      '[bayes.starter]\nfile = "/nowhere/starter.bin"\n',
      {},
      /^bayes\.server .*\/nowhere\/starter\.bin cannot be read \(ENOENT\)\. Without it text counts once/,
    ],
    [
      'a unit whose reports cannot arrive',
      'listen.tcp = []\nlisten.unix = [{ path = "p.sock", rights = ["check"] }]\n',
      {},
      /^bayes\.user .*No listener has the right `learn`/,
    ],
    [
      'listeners that nobody can ask',
      'listen.tcp = []\nlisten.unix = [{ path = "p.sock", rights = ["learn"] }]\n',
      {},
      /^listen\.unix \(line 2\): No listener has the right `check`/,
    ],
    [
      'a weight of 0',
      '[karma.jid_rate]\nweight = 0\n',
      {},
      /^karma\.jid_rate\.weight \(line 2\): The unit is switched off/,
    ],
    [
      'a TTL of 0 where keeping pays',
      'cache.bayes.server.ttl_seconds = 0\n',
      {},
      /^cache\.bayes\.server\.ttl_seconds \(line 1\): .*3600 is the default/,
    ],
    [
      'a TTL where keeping costs more',
      'cache.auth.stream.ttl_seconds = 60\n',
      {},
      /^cache\.auth\.stream\.ttl_seconds \(line 1\): .*costs more than to make it anew/,
    ],
    [
      'a variable that sets nothing',
      '',
      { PROVIDENCE_LIMITS_SHED_MS: '1' },
      /^PROVIDENCE_LIMITS_SHED_MS .*did you mean PROVIDENCE_LIMITS__SHED_MS\?/,
    ],
  ];
  it('hints at a cap by which a reported text may come again', () => {
    const hint = /^groups\.reported\.cap_spam .*may take away 11: it may come again/;
    for (const [cap, expected] of [
      [15, 1],
      [30, 0],
    ] as const)
      assert.equal(
        found(`${GOOD}groups.reported.cap_spam = ${cap}\n`, 'hint').filter((line) => hint.test(line)).length,
        expected,
        `${cap}`,
      );
  });

  for (const [name, text, env, hint] of HINTS) {
    it(`hints at ${name}, and can be used`, () => {
      assert.ok(check(text, env).usable);
      const hints = found(text, 'hint', env).filter((line) => hint.test(line));
      assert.equal(hints.length, 1, found(text, 'hint', env).join('\n'));
    });
  }

  it('says nothing of what a unit needs that is switched off', () => {
    const text =
      '[bayes.server]\nweight = 0\n[bayes.user]\nweight = 0\n[linear.server]\nweight = 0\n[auth.stream]\nweight = 0\n[bayes.reported]\nweight = 0\n';
    const { findings } = check(text);
    assert.deepEqual(
      findings.map(({ level, about }) => `${level} ${about}`),
      [
        'hint bayes.server.weight',
        'hint bayes.user.weight',
        'hint linear.server.weight',
        'hint auth.stream.weight',
        'hint bayes.reported.weight',
      ],
    );
  });

  it('has no more to say of the table of all once a store is there', () => {
    mkdirSync(join(dir, 'store'));
    writeFileSync(join(dir, 'store/data.mdb'), '');
    writeFileSync(join(dir, 'secret'), Buffer.alloc(32), { mode: 0o600 });
    assert.deepEqual(found(`${GOOD}bayes.starter.strength = 0\n`, 'hint'), []);
    assert.deepEqual(found(GOOD, 'problem'), []);
  });

  it('hints at too few file descriptors, by the limit that a start from here would have', async () => {
    const path = write('limits.connections_max = 4096\n');
    const few = `ulimit -n 1000; exec "$0" "$@"`;
    const args = ['-c', few, process.execPath, MAIN, 'config', 'check', '--json', '--config', path];
    const { findings } = JSON.parse((await runCommand('sh', args)).stdout);
    const hint = findings.find(({ about }: { about: string }) => about === 'limits.connections_max');
    assert.match(hint.text, /4096 connections .* only 1000 files\. .*LimitNOFILE= of systemd\) to 4160/);
  });

  it('knocks at no socket and uses no network', async () => {
    let asked = 0;
    const server = createServer(() => {
      asked += 1;
    });
    await new Promise<void>((resolve) => server.listen(join(dir, 'p.sock'), resolve));
    const { code } = await runCli(['config', 'check', '--config', write(GOOD)]);
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual([code, asked], [0, 0]);
  });

  it('prints rows of at most 80 columns, and exits with 78 where there is a problem', async () => {
    writeFileSync(join(dir, 'a.sock'), '');
    const { code, stdout, stderr } = await runCli([
      'config',
      'check',
      '--config',
      write(`${GOOD}bayes.starter.strength = 0\n`),
    ]);
    assert.deepEqual([code, stderr], [78, '']);
    assert.match(
      stdout,
      /providence\.toml: cannot be used here: 1 problem\.\nproblem {2}listen\.unix\.1\.path \(line 3\):\s/,
    );
    assert.match(stdout, /^hint {5}bayes\.server: Nothing is taught yet/m);
    assert.match(stdout, /^note {5}auth\.stream: /m);
    const wide = stdout.split('\n').filter((line) => line.length > 80 && !line.includes(dir));
    assert.deepEqual(wide, []);
  });

  it('gives programs an object, of a broken file, too', async () => {
    const { code, stdout } = await runCli([
      'config',
      'check',
      '--json',
      '--config',
      write('[limits]\nshed_ms = 0\n'),
    ]);
    const { usable, findings } = JSON.parse(stdout);
    assert.deepEqual([code, usable, findings.length], [78, false, 1]);
    assert.match(findings[0].text, /line 2: `limits\.shed_ms`/);
  });

  it('finds the shipped file clean where a package has made its places', () => {
    const text = readFileSync('packaging/providence.toml', 'utf8')
      .replaceAll('/var/lib/providence', join(dir, 'lib'))
      .replaceAll('/run/providence', join(dir, 'run'))
      .replace('group = "providence"', `group = "${process.getegid?.()}"`);
    assert.deepEqual(found(text, 'problem'), []);
    assert.deepEqual(found(text, 'hint'), []);
  });
});
