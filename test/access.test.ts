import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { AuthFailures } from '../src/access/auth-failures.ts';
import { Credentials } from '../src/access/credentials.ts';
import { checkConfig } from '../src/cli/config-check.ts';
import { loadConfig } from '../src/config/load.ts';
import { isLoopback } from '../src/config/schema-listen.ts';
import { ConfigError, StartError } from '../src/errors.ts';
import { readSecretLine, readSource } from '../src/secret-source.ts';
import { loadOrCreateSecret } from '../src/store/secret.ts';

const DIR = mkdtempSync(join(tmpdir(), 'pv-access-'));
after(() => rmSync(DIR, { recursive: true }));
const SECRET = 'hunter2-hunter2-hunter2';

function fileOf(name: string, text: string | Buffer, mode = 0o600): string {
  const path = join(DIR, name);
  writeFileSync(path, text, { mode });
  return path;
}

function load(text: string) {
  return loadConfig(fileOf('p.toml', text), {}).config;
}

const TLS = 'tls_certificate = "./c", tls_key = "./k"';
const MODULE = '[[credentials]]\nname = "module"\n';

describe('the configuration of listeners and credentials', () => {
  const BEYOND = [
    '0.0.0.0',
    '::',
    '192.0.2.1',
    '10.0.0.1',
    '::ffff:127.0.0.1',
    'mail.example',
    'localhost.example',
    '127.1',
  ];
  for (const host of BEYOND) {
    it(`refuses ${host} without TLS, and names the listener and what to do`, () => {
      const place = host.includes(':') ? `\\[${host}\\]` : host;
      const message = new RegExp(
        `line 1: .listen.tcp.0.host. ${place}:7711 lies beyond loopback.* set tls_certificate`,
      );
      assert.throws(() => load(`listen.tcp = [{ host = "${host}" }]`), message);
    });
    it(`refuses ${host} where nobody could prove anything`, () => {
      const text = `listen.tcp = [{ host = "${host}", ${TLS} }]\n`;
      assert.throws(
        () => load(text),
        /line 1: .*beyond loopback.* set tls_client_ca, or a \[\[credentials\]\] with a secret/,
      );
      load(text.replace(' }]', ', tls_client_ca = "./ca" }]'));
      load(`${text}${MODULE}secret = "environment:X"\n`);
    });
  }
  for (const host of ['127.0.0.1', '127.255.0.9', '::1', 'localhost']) {
    it(`takes ${host} with and without TLS`, () => {
      assert.ok(isLoopback(host));
      load(`listen.tcp = [{ host = "${host}" }]`);
      load(`listen.tcp = [{ host = "${host}", ${TLS} }]`);
    });
  }

  const BROKEN: readonly (readonly [name: string, text: string, message: RegExp])[] = [
    [
      'a certificate without a key',
      'listen.tcp = [{ tls_certificate = "./c" }]',
      /`listen\.tcp\.0\.tls_key` is missing for 127\.0\.0\.1:7711/,
    ],
    [
      'a key without a certificate',
      'listen.tcp = [{ tls_key = "./c" }]',
      /`listen\.tcp\.0\.tls_certificate` is missing/,
    ],
    [
      'authorities without TLS',
      'listen.tcp = [{ tls_client_ca = "./c" }]',
      /tls_client_ca` of 127\.0\.0\.1:7711 needs TLS/,
    ],
    [
      'a credential that nothing proves',
      MODULE,
      /`credentials\.0\.secret` and certificate_name are both missing/,
    ],
    [
      'a name that is none',
      '[[credentials]]\nname = "a b"\n',
      /line 2: `credentials\.0\.name` must be 1 to 64 letters/,
    ],
    [
      'two credentials of one name',
      `${MODULE}secret = "./a"\n${MODULE}secret = "./b"\n`,
      /line 5: `credentials\.1\.name` is that of another/,
    ],
    ['a certificate that nobody asks for', `${MODULE}certificate_name = "a.example"\n`, /can never be shown/],
    ['an address', `${MODULE}certificate_name = "192.0.2.7"\n`, /must be a DNS name/],
    ['an address of IPv6', `${MODULE}certificate_name = "[2001:db8::7]"\n`, /must be a DNS name/],
    ['a wildcard', `${MODULE}certificate_name = "*.example"\n`, /must be a DNS name/],
    [
      'a JID as a domain',
      '[[listen.unix]]\npath = "a"\ndomains = ["juliet@capulet.example"]\n',
      /must be a domain/,
    ],
    ['an unknown right', `${MODULE}secret = "./a"\nrights = ["root"]\n`, /credentials\.0\.rights\.0/],
  ];
  for (const [name, text, message] of BROKEN)
    it(`refuses ${name}`, () => assert.throws(() => load(text), message));

  it('refuses a secret in the place of its source, and does not repeat it', () => {
    const pem = `"""-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----"""`;
    const texts = [
      `${MODULE}secret = "${SECRET}"`,
      `${MODULE}secret = "environment:${SECRET}"`,
      `listen.tcp = [{ tls_certificate = "./c", tls_key = ${pem} }]`,
    ];
    for (const text of texts) {
      assert.throws(
        () => load(text),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.match(
            error.message,
            /must be a path that begins with \/ or .*the secret itself is never written here/,
          );
          return !error.message.includes(SECRET);
        },
      );
    }
  });

  it('takes relative sources from the directory of the file, and credentials from the environment', () => {
    const { credentials, listen } = load(
      `${MODULE}secret = "./s"\n[[listen.tcp]]\n${TLS.replace(', ', '\n')}\n`,
    );
    assert.equal(credentials[0]?.secret, join(DIR, 's'));
    assert.equal(listen.tcp[0]?.tls_key, join(DIR, 'k'));
    const env = { PROVIDENCE_CREDENTIALS: '[{ name = "a", secret = "credential:a" }]' };
    assert.equal(loadConfig(fileOf('q.toml', ''), env).config.credentials[0]?.secret, 'credential:a');
  });
});

describe('config check', () => {
  const findings = (text: string) =>
    checkConfig(loadConfig(fileOf('check.toml', text), {}), Date.now()).findings.filter(({ about }) =>
      /secret$|tls/.test(about ?? ''),
    );

  it('reads secrets and certificates as a start would', () => {
    fileOf('short', 'short');
    const [problem, ...others] = findings(`${MODULE}secret = "./short"\nrights = ["learn"]\n`);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [problem?.level, problem?.about, problem?.place],
      ['problem', 'credentials.0.secret', 'line 3'],
    );
    assert.match(problem?.text ?? '', /has 5 bytes instead of 16/);
    const [tls] = findings(`listen.tcp = [{ ${TLS} }]`);
    assert.match(
      `${tls?.level} ${tls?.text}`,
      /^problem tls_certificate of the listener 127\.0\.0\.1:7711 cannot be opened/,
    );
    assert.deepEqual(findings(`${MODULE}secret = "${fileOf('long-enough', SECRET)}"\n`), []);
  });

  it('leaves open what only the daemon can read', () => {
    const [note] = findings(`${MODULE}secret = "credential:x"\n`);
    assert.deepEqual([note?.level, note?.about], ['note', 'credentials.0.secret']);
  });
});

describe('a source', () => {
  const LIMITS = { what: 'The secret of a test', modeRefused: 0o007, bytesMin: 16, bytesMax: 64 };
  const refuses = (source: string, message: RegExp, env: NodeJS.ProcessEnv = {}) =>
    assert.throws(
      () => readSource(source, LIMITS, env),
      (error) => {
        assert.ok(error instanceof StartError);
        assert.match(error.message, message);
        return !error.message.includes(SECRET) && !error.message.includes(DIR);
      },
    );

  it('is a file that others may not read; a link is followed', () => {
    const path = fileOf('own', SECRET, 0o640);
    assert.equal(`${readSource(path, LIMITS)}`, SECRET);
    symlinkSync(path, join(DIR, 'link'));
    assert.equal(`${readSource(join(DIR, 'link'), LIMITS)}`, SECRET);
    refuses(fileOf('open', SECRET, 0o644), /^The secret of a test may be read by others; .*chmod 640$/);
    refuses(join(DIR, SECRET), /cannot be opened \(ENOENT\)/);
    mkdirSync(join(DIR, 'folder'));
    refuses(join(DIR, 'folder'), /is no file/);
    refuses(fileOf('long', 'x'.repeat(65_537)), /longer than 65536 bytes/);
    // A file whose beginning cannot be read, as on a broken disk: no memory is there.
    refuses('/proc/self/mem', /cannot be read \(EIO\)/);
  });

  it('that is a named pipe is refused, not waited for', () => {
    spawnSync('mkfifo', ['-m', '600', join(DIR, 'pipe')]);
    refuses(join(DIR, 'pipe'), /is no file/);
  });

  it('is a credential of systemd', () => {
    const env = { CREDENTIALS_DIRECTORY: DIR };
    fileOf('by-access-list', SECRET, 0o444);
    assert.equal(`${readSource('credential:by-access-list', LIMITS, env)}`, SECRET);
    refuses('credential:by-access-list', /LoadCredential=/);
    refuses('credential:none', /cannot be opened \(ENOENT\)/, env);
    for (const name of ['..', '../own', '']) refuses(`credential:${name}`, /none of that name/, env);
  });

  it('is a variable of the environment', () => {
    assert.equal(`${readSource('environment:A', LIMITS, { A: SECRET })}`, SECRET);
    for (const env of [{}, { A: '' }]) refuses('environment:A', /variable is not set/, env);
  });

  it('of a secret has one line of a least length, its end not counted', () => {
    const read = (text: string) => `${readSecretLine(fileOf('line', text), LIMITS)}`;
    for (const end of ['', '\n', '\r\n']) assert.equal(read(`${SECRET}${end}`), SECRET);
    assert.throws(() => read('x'.repeat(15)), /has 15 bytes instead of 16 to 64; .*openssl rand/);
    assert.throws(() => read('x'.repeat(65)), /has 65 bytes/);
    assert.throws(() => read(`${SECRET}\n${SECRET}`), /more than one line/);
  });

  it("gives the daemon's own secret, too, in base64 where it is text", () => {
    const bytes = Buffer.alloc(32, 7);
    process.env['PV_STORE_SECRET'] = bytes.toString('base64');
    assert.deepEqual(loadOrCreateSecret('environment:PV_STORE_SECRET'), bytes);
    process.env['PV_STORE_SECRET'] = 'too short';
    assert.throws(() => loadOrCreateSecret('environment:PV_STORE_SECRET'), /9 bytes instead of 32/);
    delete process.env['PV_STORE_SECRET'];
  });
});

describe('credentials', () => {
  const config = (name: string, text: string) => ({
    name,
    secret: fileOf(`secret-${name}`, text),
    certificate_name: '',
    rights: [],
    domains: [],
  });

  it('are proved by the whole secret only, each by its own', () => {
    const credentials = new Credentials([config('a', SECRET), config('b', `${SECRET}b`)]);
    const proves = (name: string, secret: string) =>
      credentials.bySecret(name, Buffer.from(secret)) !== undefined;
    assert.ok(proves('a', SECRET) && proves('b', `${SECRET}b`));
    for (const wrong of [
      '',
      SECRET.slice(1),
      SECRET.slice(0, -1),
      `${SECRET} `,
      `${SECRET}b`,
      SECRET.toUpperCase(),
    ]) {
      assert.equal(proves('a', wrong), false, wrong);
    }
    assert.equal(proves('', SECRET), false);
    assert.equal(proves('A', SECRET), false);
    assert.equal(new Credentials([]).bySecret('a', Buffer.from(SECRET)), undefined);
  });
});

describe('failed AUTHs', () => {
  it('are counted by address for a minute, of IPv6 by the network of one customer', () => {
    let now = 0;
    const failures = new AuthFailures(
      () => 2,
      () => now,
    );
    const fail = (address: string) => {
      const over = failures.isOver(address);
      failures.add(address);
      return over;
    };
    assert.deepEqual(
      [fail('192.0.2.1'), fail('192.0.2.1'), fail('192.0.2.1'), fail('192.0.2.2')],
      [false, false, true, false],
    );
    assert.deepEqual(
      [fail('2001:db8::1'), fail('2001:db8:0:0:9::'), fail('2001:db8::2')],
      [false, false, true],
    );
    assert.equal(fail('2001:db8:0:1::1'), false);
    assert.deepEqual(
      [fail('::ffff:192.0.2.7'), fail('::ffff:192.0.2.8'), fail('::ffff:192.0.2.9')],
      [false, false, false],
    );
    now = 60_000;
    assert.equal(failures.isOver('192.0.2.1'), false);
  });
});
