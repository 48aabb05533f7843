import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { PnpError } from '../clients/node/pnp-client.ts';
import { findDaemon } from '../src/cli/daemon-client.ts';
import { exitCodeOf, sentenceOf } from '../src/cli/exit.ts';
import { parseScript } from '../src/cli/fake-script.ts';
import { type Fake, startFake } from '../src/cli/fake-server.ts';
import { loadConfig } from '../src/config/load.ts';
import { runCli, runCommand } from './cli-process.ts';

const MAIN = join(import.meta.dirname, '../src/main.js');
const DIR = mkdtempSync(join(tmpdir(), 'pv-cli-'));
after(() => rmSync(DIR, { recursive: true }));

const STANZA = "<message from='a@b.example'><body>hello</body></message>";
const COMMANDS = [
  'serve',
  'check',
  'tell',
  'train',
  'tokens',
  'bayes',
  'ping',
  'eval',
  'stats',
  'config',
  'fake',
];

function fileOf(name: string, content: string): string {
  const path = join(DIR, name);
  writeFileSync(path, content);
  return path;
}

describe('providence --help', () => {
  /** The page of a command, and those of the commands that it names. */
  async function walk(page: readonly string[]): Promise<(readonly string[])[]> {
    const { code, stdout, stderr } = await runCli([...page, '--help']);
    assert.equal(code, 0, stderr);
    const name = page.join(' ');
    // The page of `completion` is the script itself.
    if (name === 'completion') return [page];
    assert.deepEqual(
      stdout.split('\n').filter((line) => line.length > 80),
      [],
      name,
    );
    const inner = [...stdout.matchAll(new RegExp(`^  ${['providence', ...page].join(' ')} (\\w+)`, 'gm'))];
    const commands = /^Commands:/m.test(stdout) ? inner.map(([, command]) => command as string) : [];
    if (commands.length === 0) assert.match(stdout, /^Examples:/m, name);
    const pages: (readonly string[])[] = [page];
    for (const command of new Set(commands)) pages.push(...(await walk([...page, command])));
    return pages;
  }

  it('fits 80 columns on every page, and shows examples', async () => {
    const pages = (await walk([])).map((page) => page.join(' '));
    for (const page of [
      ...COMMANDS,
      'bayes stats',
      'bayes dump',
      'bayes restore',
      'bayes prune',
      'config check',
      'config show',
      'config explain',
      'completion',
    ])
      assert.ok(pages.includes(page), page);
  });

  it('names every command', async () => {
    const { stdout } = await runCli(['--help']);
    for (const command of COMMANDS) assert.match(stdout, new RegExp(`^  providence ${command}\\b`, 'm'));
  });

  it('has a version', async () => {
    const { code, stdout } = await runCli(['--version']);
    assert.deepEqual([code, /^\d+\.\d+\.\d+\n$/.test(stdout)], [0, true]);
  });
});

describe('wrong usage', () => {
  const WRONG: readonly (readonly [args: readonly string[], code: number, message: RegExp])[] = [
    [[], 64, /Name a command/],
    [['judge'], 64, /judge/],
    [['check', '--explian'], 64, /explian/],
    [['check', 'a', 'b'], 64, /b/],
    [['check', '--socket'], 64, /socket/],
    [['check', '--explain', '--json'], 64, /mutually exclusive/],
    [['check', '--socket', 'a', '--port', '1'], 64, /mutually exclusive/],
    [['check', '--direction', 'up'], 64, /direction/],
    [['check', '--roster', 'friend'], 64, /"ask", "room"/],
    [['check', '--peer-tls', 'SSLv3'], 64, /"TLSv1\.3"/],
    [['tell', 'ham', '--roster', 'both'], 64, /Unknown argument: roster/],
    [['check', '--user-key-file', join(DIR, 'none.key'), '-'], 66, /none\.key: cannot be read/],
    [['check', '--user-key-file', 'package.json', '-'], 65, /holds no user key/],
    [['ping', '--port', 'x'], 64, /--port/],
    [['tell'], 64, /label|arguments/],
    [['tell', 'spm'], 64, /"spam", "ham", "forget"/],
    [['tell', 'spam', 'file', '--trace', 't'], 64, /file or a trace/],
    [['train'], 64, /arguments/],
    [['eval'], 64, /test/],
    [['config'], 64, /config show/],
    [['check', join(DIR, 'none.xml')], 66, /none\.xml: cannot be read \(ENOENT\)/],
    [['check', DIR], 66, /cannot be read \(EISDIR\)/],
    [['check', '-'], 66, /empty/],
    [['ping', '--socket', join(DIR, 'none.sock')], 69, /start it with 'providence serve'/],
    [['train', '--socket', join(DIR, 'none.sock'), 'x'], 69, /start it/],
    [['eval', '--test', join(DIR, 'none.tsv')], 66, /none\.tsv: cannot be read/],
    [['eval', '--test', DIR], 66, /cannot be read \(EISDIR\)/],
    [['fake', '--port', '0', '--verdict', 'ham', '--delay-ms', '1e9'], 64, /up to 600000/],
    [['config', 'check', '--config', join(DIR, 'none.toml')], 78, /none\.toml: cannot be read/],
    [['ping', '--config', join(DIR, 'none.toml')], 78, /none\.toml/],
  ];
  for (const [args, code, message] of WRONG) {
    it(`is said in one sentence, with ${code}: ${args.join(' ').replaceAll(DIR, '') || 'no command'}`, async () => {
      const outcome = await runCli(args);
      assert.match(outcome.stderr, /^providence: [^\n]+[.?]\n$/);
      assert.match(outcome.stderr, message);
      assert.deepEqual([outcome.code, outcome.stdout], [code, '']);
    });
  }

  it('names the line of a broken configuration', async () => {
    const path = fileOf('broken.toml', '[thresholds]\nspm = 5\n');
    const { code, stderr } = await runCli(['config', 'check', '--config', path]);
    assert.equal(code, 78);
    assert.match(stderr, /line 2: unknown key `thresholds\.spm`/);
  });
});

describe('what a command cannot help', () => {
  it('is no stack trace where the system refuses something', async () => {
    const error = await mkdir(join(DIR, 'none', 'such')).catch((cause: Error) => cause);
    assert.equal(exitCodeOf(error), 74);
    assert.match(sentenceOf(error as Error), /ENOENT.*; check the path and its rights\.$/);
  });

  it('is no daemon that is away where its socket is not for this user', () => {
    const cause = Object.assign(new Error('connect EACCES /s'), { code: 'EACCES' });
    const error = new PnpError('unreachable', `No daemon answers at /s (${cause.message}); is it running?`, {
      cause,
    });
    assert.equal(exitCodeOf(error), 77);
    assert.match(sentenceOf(error), /\(connect EACCES \/s\); use a user that may, or another --socket\.$/);
  });

  it('is a mistake in the program where nothing else is known of it', () => {
    assert.equal(exitCodeOf(new TypeError('x is not a function')), undefined);
  });
});

describe('commands that ask a daemon', () => {
  const path = join(DIR, 'fake.sock');
  const script = [
    '{"contains":"casino","verdict":"spam","score":8.4}',
    '{"contains":"known","headers":{"Symbol":"KNOWN_SENDER"}}',
    '{"contains":"broken","status":"EX_DATAERR","error":"bad-xml ; The stanza is not well-formed XML"}',
    '{"contains":"refused","status":"EX_DATAERR","error":"bad-xml ; Not well-formed"}',
    '{"contains":"again","headers":{"Unchanged":"already-taught","DidSet":""}}',
    '{"contains":"full","status":"EX_TEMPFAIL","error":"store-degraded ; The store cannot write now"}',
    '{"from":"<>","status":"EX_NOPERM"}',
    '{"contains":"nonsense","garbage":"nonsense\\r\\n\\r\\n"}',
  ].join('\n');
  const asked: string[] = [];
  let fake: Fake;
  before(async () => {
    fake = await startFake({
      rules: parseScript(script, 'test'),
      listen: { path },
      onRequest: (line) => asked.push(line),
    });
  });
  after(() => fake.close());

  const cli = (args: readonly string[], input = STANZA) => runCli(args, input, { PROVIDENCE_SOCKET: path });

  it('ping: it answers, and says what one may do', async () => {
    const { code, stdout } = await cli(['ping']);
    assert.equal(code, 0);
    assert.match(stdout, /^The daemon answers \(\d+\.\d ms\)\.\nRights here: check learn users admin\.\n$/);
  });

  it('check: one line, exit code 0 for any verdict', async () => {
    const outcome = await cli(['check'], STANZA.replace('hello', 'casino'));
    assert.deepEqual([outcome.code, outcome.stderr], [0, '']);
    assert.match(outcome.stdout, /^spam: 8\.4 of 5 points, action mark, trace 01J\w+\n$/);
  });

  it('check --exit-code: 1 for spam, 0 for the rest', async () => {
    assert.equal((await cli(['check', '--exit-code', '-'], 'casino')).code, 1);
    assert.equal((await cli(['check', '--exit-code'])).code, 0);
  });

  it('check FILE with facts: each is sent as its header', async () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    const facts = {
      from: 'a@b.example',
      to: 'c@d.example',
      direction: 'out',
      roster: 'ask',
      'peer-host': 'b.example',
      'peer-ip': '192.0.2.1',
      'peer-tls': 'TLSv1.2',
      'peer-auth': 'dialback',
      'peer-chain': 'invalid; self-signed',
      'peer-identity': 'valid',
      'user-key-file': fileOf('key', `${key}\n`),
    };
    let sent = '';
    const server = createServer((socket) =>
      socket.on('data', (chunk) => {
        sent += chunk;
        socket.end('PNP/1.0 75 EX_TEMPFAIL\r\nContent-Length: 0\r\n\r\n');
      }),
    );
    const path = join(DIR, 'facts.sock');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const options = Object.entries(facts).flatMap(([name, value]) => [`--${name}`, value]);
    const file = fileOf('stanza.xml', STANZA);
    await runCli(['check', file, ...options, '--answers', '--socket', path]);
    server.close();
    const headers = sent.slice(0, sent.indexOf('\r\n\r\n')).split('\r\n').slice(2, -1);
    const { 'user-key-file': _, ...words } = facts;
    assert.deepEqual(
      headers.map((line) => line.toLowerCase()).sort(),
      [
        ...Object.entries(words).map(([name, value]) => `${name}: ${value}`),
        'answers: true',
        `user-key: ${key}`,
      ]
        .map((line) => line.toLowerCase())
        .sort(),
    );
  });

  it('check --explain: the text of REPORT', async () => {
    const { code, stdout } = await cli(['check', '--explain']);
    assert.deepEqual([code, stdout], [0, 'Verdict ham, by a script.\n']);
  });

  it('check --json: one object with the opinions', async () => {
    const { code, stdout } = await cli(['check', '--json'], 'known');
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), {
      verdict: 'ham',
      action: 'deliver',
      score: -2,
      threshold: 5,
      probability: 0.119,
      trace: '01JFAKE0000000000000000000',
      symbol: 'KNOWN_SENDER',
      wants: [],
      symbols: [{ symbol: 'SCRIPTED', unit: 'fake.script', score: 0.5, weight: 1, points: -2, params: {} }],
      abstained: {},
    });
  });

  it('check: the status of the daemon is the exit code, its sentence the error', async () => {
    const { code, stderr } = await cli(['check'], 'broken');
    assert.equal(code, 65);
    assert.match(
      stderr,
      /^providence: The daemon answered 65 EX_DATAERR: The stanza is not well-formed XML\.\n$/,
    );
    assert.equal((await cli(['check', '--from', '<>'])).code, 77);
  });

  it('check: 76 for what is no daemon, 64 for a value that would forge a header', async () => {
    assert.equal((await cli(['check'], 'nonsense')).code, 76);
    assert.equal((await cli(['check', '--from', 'a\r\nTo: b'])).code, 64);
  });

  it('tell: says what was really done', async () => {
    assert.deepEqual((await cli(['tell', 'spam'])).stdout, 'Taught as spam.\n');
    assert.deepEqual((await cli(['tell', 'forget'])).stdout, 'Forgotten.\n');
    assert.deepEqual((await cli(['tell', 'ham'], 'again')).stdout, 'Nothing changed (already-taught).\n');
    assert.deepEqual((await cli(['tell', 'ham', '--trace', 'T1'])).stdout, 'Taught as ham.\n');
    assert.match(asked.at(-1) ?? '', /^TELL Id=\S+ Trace=T1 \(0 bytes\)/);
  });

  it('stats: one counter a line, or one object', async () => {
    assert.equal((await cli(['stats'])).stdout, 'providence_fake 1\n');
    assert.deepEqual(JSON.parse((await cli(['stats', '--json'])).stdout), { providence_fake: 1 });
  });

  it('train: counts what was taught, unchanged and refused', async () => {
    const corpus = fileOf('a.tsv', 'spam\ten\tone\nham\ten\tagain\nham\ten\trefused\nspam\ten\ttwo\n');
    const { code, stdout, stderr } = await cli(['train', corpus]);
    assert.match(stdout, /^Taught 2, unchanged 1, refused 1 in \d+\.\d s \(\d+\/s\)\.\n$/);
    assert.match(stderr, /the first refusal: .*Not well-formed\.\n$/);
    assert.equal(code, 65);
  });

  it('train -: rows, or one text a line with --label', async () => {
    assert.match((await cli(['train', '-'], 'spam\ten\tone\nham\ten\ttwo\n')).stdout, /^Taught 2,/);
    assert.match((await cli(['train', '--label', 'ham', '-'], 'one\n\ntwo\nthree')).stdout, /^Taught 3,/);
    const unlabelled = await cli(['train', '-'], 'one\n');
    assert.equal(unlabelled.code, 64);
    assert.match(unlabelled.stderr, /add --label/);
  });

  it('train: ends where the store cannot write', async () => {
    const rows = 'spam\ten\tfull\n'.repeat(5_000);
    const { code, stderr } = await cli(['train', fileOf('full.tsv', rows)]);
    assert.equal(code, 75);
    assert.match(stderr, /The store cannot write now/);
    assert.ok(asked.filter((line) => /^TELL.*TEMPFAIL/.test(line)).length < 5_000, 'it did not stop');
  });

  it('train: stops at a row that is none, and says where', async () => {
    const { code, stderr } = await cli(['train', fileOf('torn.tsv', 'spam\ten\tone\ntorn\n')]);
    assert.deepEqual([code, /torn\.tsv: line 2 /.test(stderr)], [65, true]);
  });

  it('train: leaves out what is longer than the daemon takes, and teaches the rest', async () => {
    const rows = Array.from({ length: 600 }, (_, number) => `spam\ten\t${number === 300 ? long : number}\n`);
    const { code, stdout, stderr } = await cli(['train', fileOf('long.tsv', rows.join(''))]);
    assert.match(stdout, /^Taught 599, unchanged 0, refused 1 in /);
    assert.match(stderr, /the first refusal: A message is longer than 262144 bytes; leave it out\.\n$/);
    assert.equal(code, 65);
  });
  const long = 'x'.repeat(262_144);

  it('train: says that there was nothing to learn', async () => {
    const { code, stdout } = await cli(['train', fileOf('nothing.tsv', '')]);
    assert.deepEqual([code, stdout], [0, 'There is nothing to learn in it.\n']);
  });

  it('train: a file of a folder that cannot be read is named', async () => {
    mkdirSync(join(DIR, 'folder', 'no-file.xml'), { recursive: true });
    const { code, stderr } = await cli(['train', '--label', 'ham', join(DIR, 'folder')]);
    assert.deepEqual([code, /no-file\.xml: cannot be read \(EISDIR\)/.test(stderr)], [66, true]);
  });

  it('train: says what was taught when it is interrupted', async () => {
    const train = spawn(process.execPath, [MAIN, 'train', '-'], {
      env: { ...process.env, PROVIDENCE_SOCKET: path },
    });
    const taught = asked.length;
    train.stdin.write('spam\ten\tone\nspam\ten\ttwo\n');
    const said = text(train.stdout);
    while (asked.length < taught + 3) await setImmediate();
    // By then its answers are there.
    await cli(['ping']);
    train.kill('SIGINT');
    const [, signal] = await once(train, 'exit');
    assert.equal(signal, 'SIGINT');
    assert.match(await said, /^Taught 2, unchanged 0, refused 0 in /);
  });

  it('takes a closed pipe as the end', async () => {
    const { code, stderr } = await runCommand('sh', [
      '-c',
      `"${process.execPath}" "${MAIN}" config show | head -1`,
    ]);
    assert.deepEqual([code, stderr], [0, '']);
  });
});

describe('a daemon that hangs or goes', () => {
  it('is 75 when it closes without an answer', async () => {
    const path = join(DIR, 'closing.sock');
    const server = createServer((socket) => socket.on('data', () => socket.destroy()));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const { code, stderr } = await runCli(['ping', '--socket', path]);
    server.close();
    assert.deepEqual([code, /closed the connection/.test(stderr)], [75, true]);
  });
});

describe('findDaemon', () => {
  const NONE = {
    ...{ socket: undefined, host: undefined, port: undefined, tls: undefined, config: undefined },
    ...{ 'tls-ca': undefined, 'tls-certificate': undefined, 'tls-key': undefined },
    ...{ credential: undefined, 'secret-from': undefined },
  };
  const config = fileOf(
    'listen.toml',
    'listen.unix = [{ path = "/c.sock", rights = ["check"] }, { path = "/a.sock", rights = ["admin"] }]\n',
  );
  const learning = fileOf(
    'learn.toml',
    'listen.unix = [{ path = "/c.sock", rights = ["check"] }, { path = "/l.sock", rights = ["learn"] }]\n',
  );
  const tcpOnly = fileOf('tcp.toml', 'listen.unix = []\nlisten.tcp = [{ port = 4711 }]\n');
  const CASES = [
    ['a port', { ...NONE, port: 7711 }, 'check', {}, { host: '127.0.0.1', port: 7711 }],
    [
      'a host, by TLS',
      { ...NONE, host: 'mail.example' },
      'check',
      {},
      { host: 'mail.example', port: 7711, tls: {} },
    ],
    [
      'a host on loopback, in clear',
      { ...NONE, host: '::1', port: 1 },
      'check',
      {},
      { host: '::1', port: 1 },
    ],
    [
      'a host on loopback, by TLS',
      { ...NONE, host: 'localhost', tls: true },
      'check',
      {},
      { host: 'localhost', port: 7711, tls: {} },
    ],
    [
      'a socket, above the environment',
      { ...NONE, socket: '/s' },
      'admin',
      { PROVIDENCE_SOCKET: '/e' },
      { path: '/s' },
    ],
    [
      'the environment, above the configuration',
      { ...NONE, config },
      'check',
      { PROVIDENCE_SOCKET: '/e' },
      { path: '/e' },
    ],
    ['the configured socket', { ...NONE, config }, 'check', {}, { path: '/c.sock' }],
    ['the configured socket of the operator', { ...NONE, config }, 'admin', {}, { path: '/a.sock' }],
    ['the configured socket that may teach', { ...NONE, config: learning }, 'learn', {}, { path: '/l.sock' }],
    [
      'the configured TCP listener',
      { ...NONE, config: tcpOnly },
      'check',
      {},
      { host: '127.0.0.1', port: 4711 },
    ],
  ] as const;
  for (const [name, args, need, env, expected] of CASES) {
    it(`takes ${name}`, () => assert.deepEqual(findDaemon(args, need, env), expected));
  }

  it('says so where nothing has the right', () => {
    assert.throws(() => findDaemon({ ...NONE, config: tcpOnly }, 'admin', {}), { exitCode: 78 });
  });
});

describe('config show', () => {
  it('prints a file that means the same', async () => {
    const own = fileOf(
      'own.toml',
      '[thresholds]\nspam = 7.5\n\n[[listen.unix]]\npath = "/tmp/a \\"b\\".sock"\n',
    );
    const { code, stdout } = await runCli(['config', 'show', '--config', own]);
    assert.equal(code, 0);
    assert.deepEqual(loadConfig(fileOf('shown.toml', stdout), {}).config, loadConfig(own, {}).config);
    const prose = stdout.split('\n').filter((line) => line.startsWith('#') && line.length > 80);
    assert.deepEqual(prose, []);
  });

  it('says that a good file is good', async () => {
    const { code, stdout } = await runCli([
      'config',
      'check',
      '--config',
      fileOf('good.toml', '[thresholds]\nspam = 6\n'),
    ]);
    assert.deepEqual([code, stdout.includes('good.toml: can be used.\n')], [0, true]);
  });
});

describe('bin/providence', () => {
  /** A checkout with the real launcher, whose `main.js` says what it was given. */
  const root = join(DIR, 'check out');
  const main = join(root, 'dist/src/main.js');
  const says = 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7;';
  before(() => {
    mkdirSync(join(root, 'bin'), { recursive: true });
    mkdirSync(join(root, 'dist/src'), { recursive: true });
    mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
    copyFileSync('bin/providence', join(root, 'bin/providence'));
    symlinkSync(join(root, 'bin/providence'), join(DIR, 'linked'));
  });

  const launch = (...args: string[]) => runCommand(join(DIR, 'linked'), args, { cwd: '/' });

  it('says what to run where nothing is installed', async () => {
    const { code, stderr } = await launch('ping');
    assert.equal(code, 69);
    assert.match(stderr, /^providence: nothing is built yet; run 'npm ci' in .*check out and try again\.\n$/);
  });

  it('says so where the build fails', async () => {
    const tsc = join(root, 'node_modules/.bin/tsc');
    writeFileSync(tsc, '#!/bin/sh\necho an error\nexit 2\n');
    chmodSync(tsc, 0o755);
    const { code, stdout, stderr } = await launch('ping');
    assert.deepEqual([code, stdout], [70, '']);
    assert.match(stderr, /the build failed; run 'npm run build'/);
  });

  it('builds what is not built, by the project’s own compiler and settings', async () => {
    const tsc = join(root, 'node_modules/.bin/tsc');
    writeFileSync(
      tsc,
      `#!/bin/sh\n[ "$1" = -p ] && [ "$2" = "${root}/tsconfig.json" ] || exit 2\necho '${says}' > "${main}"\n`,
    );
    const { code, stdout } = await launch('a b', '--c=$d');
    assert.deepEqual([code, JSON.parse(stdout)], [7, ['a b', '--c=$d']]);
  });

  it('runs what is built, from anywhere and through a link', async () => {
    rmSync(join(root, 'node_modules'), { recursive: true });
    const { code, stdout, stderr } = await launch('ping');
    assert.deepEqual([code, stdout, stderr], [7, '["ping"]\n', '']);
  });
});
