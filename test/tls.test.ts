import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { createDaemon, type Daemon } from '../src/daemon.ts';
import { StartError } from '../src/errors.ts';
import type { Outcome } from '../src/reload.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { NO_OPENSSL, PKI } from './pki.ts';
import { until } from './until.ts';
import { headerOf, request, WireClient, wordOf } from './wire-harness.ts';

const SECRET = 'the secret of the module';

function pkiWithServer(): PKI {
  return new PKI().authority('ca').certificate('server', 'DNS:localhost,IP:127.0.0.1');
}

type Client = WireClient & { readonly socket: TLSSocket };

async function open(port: number | undefined, options: ConnectionOptions): Promise<Client> {
  const socket = connect(port as number, '127.0.0.1', options);
  await once(socket, 'secureConnect');
  return Object.assign(new WireClient(socket), { socket });
}

const ask = async (client: WireClient, verb: string, headers = {}, body = '') =>
  client.send(request(verb, headers, body)).answer();
const rightsOf = async (client: WireClient) => headerOf(await ask(client, 'HELLO'), 'Rights');
const authenticate = async (client: WireClient, secret = SECRET, name = 'module') =>
  wordOf(await ask(client, 'AUTH', { Credential: name }, secret));

describe('a TLS listener', { skip: NO_OPENSSL }, () => {
  let pki: PKI;
  let daemon: DaemonProcess;
  let ca: string;
  before(async () => {
    pki = pkiWithServer().certificate('mail', 'DNS:mail.capulet.example');
    pki.certificate('expired', 'DNS:mail.capulet.example', { days: -1 });
    ca = pki.read('ca.crt');
    const tls = `tls_certificate = "${pki.path('server.crt')}", tls_key = "${pki.path('server.key')}"`;
    const access = `
credentials = [{ name = "module", secret = "environment:PV_SECRET", rights = ["learn"] }]
listen.tcp = [
  { port = 0, ${tls} },
  { host = "0.0.0.0", port = 0, ${tls} },
  { port = 0, ${tls}, tls_client_ca = "${pki.path('ca.crt')}" },
]`;
    const config = 'limits.auth_failures_per_minute = 3\nlog.level = "debug"';
    daemon = await startDaemon({ access, config, env: { PV_SECRET: SECRET } });
  });
  after(async () => {
    await daemon.stop();
    pki.remove();
  });
  const [LOOPBACK, REMOTE, ASKING] = [0, 1, 2];
  const openAt = (index: number, options: ConnectionOptions = {}) =>
    open(daemon.tcpPorts[index], { ca, ...options });

  it('on loopback gives its rights to all', async () => {
    const client = await openAt(LOOPBACK);
    assert.equal(headerOf(await ask(client, 'HELLO'), 'Auth'), undefined);
    assert.equal(await rightsOf(client), 'check');
    client.socket.destroy();
  });

  it('beyond loopback gives none before AUTH, and says so', async () => {
    const client = await openAt(REMOTE);
    const hello = await ask(client, 'HELLO');
    assert.deepEqual([headerOf(hello, 'Rights'), headerOf(hello, 'Auth')], ['', 'needed']);
    assert.equal(await authenticate(client), '0 undefined');
    const later = await ask(client, 'HELLO');
    assert.deepEqual([headerOf(later, 'Rights'), headerOf(later, 'Auth')], ['learn', undefined]);
    client.socket.destroy();
  });

  it('that asks for client certificates gives nothing on loopback either without one', async () => {
    const certified = await openAt(ASKING, pki.pair('mail'));
    assert.equal(await rightsOf(certified), 'check');
    const bare = await openAt(ASKING);
    assert.match(headerOf(await ask(bare, 'CHECK'), 'Error') ?? '', /^no-right ; .* send AUTH first$/);
    const expired = await openAt(ASKING, pki.pair('expired'));
    assert.match(headerOf(await ask(expired, 'CHECK'), 'Error') ?? '', /not valid \(CERT_HAS_EXPIRED\)$/);
    for (const client of [certified, bare, expired]) client.socket.destroy();
  });

  it('believes no certificate where it has no authorities of its own', async () => {
    const client = await openAt(REMOTE, pki.pair('mail'));
    assert.equal(headerOf(await ask(client, 'HELLO'), 'Auth'), 'needed');
    client.socket.destroy();
  });

  it('answers what came before a half-close', async () => {
    const client = await openAt(LOOPBACK);
    client.socket.allowHalfOpen = true;
    client.finish(request('PING').repeat(100));
    assert.equal((await client.rest()).length, 100);
  });

  it('resumes no session, since that would not look at the certificate', async () => {
    const sessions: Buffer[] = [];
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = await openAt(ASKING, { ...pki.pair('mail'), maxVersion });
      first.socket.on('session', (session) => sessions.push(session));
      assert.equal(await rightsOf(first), 'check');
      const session = sessions.at(-1) ?? first.socket.getSession();
      const second = await openAt(ASKING, { maxVersion, ...(session === undefined ? {} : { session }) });
      assert.equal(second.socket.isSessionReused(), false);
      assert.equal(await rightsOf(second), '');
      first.socket.destroy();
      second.socket.destroy();
    }
  });

  it('speaks TLS 1.2 and newer only', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const client = await openAt(LOOPBACK, { minVersion: version, maxVersion: version });
      assert.equal(client.socket.getProtocol(), version);
      client.socket.destroy();
    }
    // OpenSSL lets old versions out only at this level.
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await assert.rejects(openAt(LOOPBACK, old), /protocol version|unsupported protocol/i);
  });

  // Last: it uses up what this address may fail.
  it('closes after a wrong secret, and after too many of them looks at none', async () => {
    for (let failure = 0; failure < 3; failure += 1) {
      const client = await openAt(REMOTE);
      const pipelined = [
        request('AUTH', { Id: 'a', Credential: 'module' }, `wrong ${failure} and long enough`),
        request('AUTH', { Id: 'b', Credential: 'module' }, SECRET),
        request('CHECK', { Id: 'c' }),
      ];
      client.send(pipelined.join(''));
      const words = (await client.rest()).map(wordOf);
      assert.deepEqual(words, ['77 bad-credential', '64 late-auth', '77 no-right']);
    }
    const client = await openAt(REMOTE);
    assert.equal(await authenticate(client), '75 too-many-failures');
    assert.deepEqual(await client.rest(), []);
    const refusals = () => daemon.log().match(/a client did not prove who it is/g)?.length;
    await until(() => (refusals() ?? 0) >= 3);
    assert.equal(refusals(), 3);
    assert.doesNotMatch(daemon.log(), /wrong \d|the secret of the module/);
  });
});

describe('a TLS listener and strangers', { skip: NO_OPENSSL }, () => {
  let pki: PKI;
  let daemon: DaemonProcess;
  before(() => {
    pki = pkiWithServer();
  });
  after(() => pki.remove());
  afterEach(() => daemon.stop());

  const [LOOPBACK, REMOTE] = [0, 1];
  const openAt = (index: number) => open(daemon.tcpPorts[index], { ca: pki.read('ca.crt') });
  async function start(config: string): Promise<void> {
    const tls = `tls_certificate = "${pki.path('server.crt')}", tls_key = "${pki.path('server.key')}"`;
    const access = `
credentials = [{ name = "module", secret = "environment:PV_SECRET", rights = ["learn"] }]
listen.tcp = [{ port = 0, ${tls} }, { host = "0.0.0.0", port = 0, ${tls} }]`;
    daemon = await startDaemon({ access, config, env: { PV_SECRET: SECRET } });
  }

  it('cuts a client off that speaks in clear, or takes its time over the handshake, byte by byte', async () => {
    await start('limits.handshake_seconds_max = 1');
    const clear = connectPlain(daemon.tcpPorts[REMOTE] as number, '127.0.0.1');
    clear.on('error', () => clear.destroy());
    clear.write(request('HELLO'));
    clear.resume();
    await once(clear, 'close');
    const slow = connectPlain(daemon.tcpPorts[REMOTE] as number, '127.0.0.1');
    slow.on('error', () => slow.destroy());
    // A record of 16 KiB, of which each byte takes its time.
    slow.write(Buffer.from([0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc, 3, 3]));
    const drip = setInterval(() => slow.write(Buffer.from([7])), 50);
    slow.resume();
    await once(slow, 'close');
    clearInterval(drip);
    const text = await (await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`)).text();
    assert.ok(Number(/^providence_handshake_failures_total (\d+)/m.exec(text)?.[1]) >= 2, text);
    const expires = Number(/^providence_certificate_expires_seconds (\S+)/m.exec(text)?.[1]);
    assert.ok(expires > Date.now() / 1_000 + 20 * 86_400 && expires < Date.now() / 1_000 + 40 * 86_400);
  });

  it('cuts a client off that does not prove who it is, and goes on with one that has', async () => {
    await start('limits.handshake_seconds_max = 3');
    const silent = await openAt(REMOTE);
    const proved = await openAt(REMOTE);
    assert.equal(await authenticate(proved), '0 undefined');
    assert.equal(await rightsOf(silent), '');
    assert.deepEqual(await silent.rest(), []);
    assert.equal(await rightsOf(proved), 'learn');
    proved.socket.destroy();
  });

  it('lets only so many in that have not proved who they are, the newest; others have room all the same', async () => {
    await start('limits.unproven_connections_max = 2\nlimits.handshake_seconds_max = 600');
    const strangers: Client[] = [];
    for (let index = 0; index < 4; index += 1) strangers.push(await openAt(REMOTE));
    const [, , third, fourth] = strangers;
    for (const client of strangers.slice(0, 2)) assert.deepEqual(await client.rest(), []);
    for (const client of [third, fourth]) assert.equal(await authenticate(client as Client), '0 undefined');
    const local = await openAt(LOOPBACK);
    assert.equal(await rightsOf(local), 'check');
    for (const { socket } of [...strangers, local]) socket.destroy();
  });

  it('has room for a handshake however many do not end theirs', async () => {
    const limits = { connections_max: 4, unproven_connections_max: 2, handshake_seconds_max: 600 };
    await start(`limits = ${JSON.stringify(limits).replaceAll(':', '=')}`);
    const silent = Array.from({ length: 100 }, () => {
      const socket = connectPlain(daemon.tcpPorts[REMOTE] as number, '127.0.0.1');
      return socket.on('error', () => socket.destroy()).resume();
    });
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    const client = await openAt(REMOTE);
    assert.equal(await authenticate(client), '0 undefined');
    for (const socket of [...silent, client.socket]) socket.destroy();
  });
});

describe('a reload of rights and certificates', { skip: NO_OPENSSL }, () => {
  let pki: PKI;
  let dir: string;
  let daemon: Daemon;
  let port: number;
  const path = (name: string) => join(dir, name);

  function write({ rights = '"learn"', host = '127.0.0.2', handshake = 600, strangers = 256 } = {}): string {
    writeFileSync(
      path('p.toml'),
      `credentials = [
  { name = "module", secret = "./module.secret", rights = [${rights}], domains = ["capulet.example"] },
  { name = "mail", certificate_name = "mail.capulet.example" },
]
listen.unix = [{ path = "./p.sock", rights = ["check"] }]
listen.tcp = [{ host = "${host}", port = 0, tls_certificate = "./server.crt", tls_key = "./server.key", tls_client_ca = "./ca.crt" }]
http.host = ""
limits.handshake_seconds_max = ${handshake}
limits.unproven_connections_max = ${strangers}
log.level = "silent"
store.directory = "./store"
store.secret_file = "./secret"
`,
    );
    return path('p.toml');
  }
  const reload = async (options = {}) => {
    write(options);
    return (await daemon.reload()) as Outcome;
  };
  const install = (name: string) => {
    copyFileSync(pki.path(`${name}.crt`), path('server.crt'));
    copyFileSync(pki.path(`${name}.key`), path('server.key'));
  };
  const openOne = async (options: ConnectionOptions = {}): Promise<Client> => {
    const socket = connect(port, '127.0.0.2', {
      ca: pki.read('ca.crt'),
      servername: 'localhost',
      ...options,
    });
    await once(socket, 'secureConnect');
    return Object.assign(new WireClient(socket), { socket });
  };

  before(async () => {
    pki = pkiWithServer()
      .certificate('next', 'DNS:localhost')
      .certificate('mail', 'DNS:mail.capulet.example');
    pki.authority('other').certificate('forged', 'DNS:mail.capulet.example', { ca: 'other' });
    dir = mkdtempSync(join(tmpdir(), 'pv-reload-'));
    writeFileSync(path('module.secret'), `${SECRET}\n`, { mode: 0o640 });
    copyFileSync(pki.path('ca.crt'), path('ca.crt'));
    install('server');
    daemon = createDaemon({ configPath: write() });
    const { tcp } = await daemon.start();
    port = Number(tcp[0]?.split(':').at(-1));
  });
  after(async () => {
    await daemon.stop();
    rmSync(dir, { recursive: true });
    pki.remove();
  });

  it('shows the new certificate to new connections, and goes on with old ones', async () => {
    const old = await openOne();
    install('next');
    await reload();
    assert.equal(await authenticate(old), '0 undefined');
    assert.equal(old.socket.getPeerCertificate().subject.CN, 'server');
    const fresh = await openOne();
    assert.equal(fresh.socket.getPeerCertificate().subject.CN, 'next');
    old.socket.destroy();
    fresh.socket.destroy();
  });

  it('changes rights and domains of open connections, and takes a revoked credential back', async () => {
    const bySecret = await openOne();
    assert.equal(await authenticate(bySecret), '0 undefined');
    const byCertificate = await openOne(pki.pair('mail'));
    assert.equal(await rightsOf(byCertificate), 'check learn users');
    await reload({ rights: '"check", "users"' });
    assert.equal(await rightsOf(bySecret), 'check users');
    writeFileSync(path('module.secret'), 'quite another secret');
    await reload();
    assert.equal(await rightsOf(bySecret), '', 'who proved the old secret has nothing');
    assert.equal(await rightsOf(byCertificate), 'check learn users', 'who proved something else keeps it');
    const late = await openOne();
    assert.equal(await authenticate(late), '77 bad-credential');
    const again = await openOne();
    assert.equal(await authenticate(again, 'quite another secret'), '0 undefined');
    writeFileSync(path('module.secret'), SECRET);
    await reload();
    for (const client of [bySecret, byCertificate, late, again]) client.socket.destroy();
  });

  it('takes from open connections what now needs a proof, and gives it back', async () => {
    const asking = readFileSync(write(), 'utf8');
    const open = asking.replace(', tls_client_ca = "./ca.crt"', '').replace(/^ {2}\{ name = "mail".*$/m, '');
    const adopt = async (text: string) => {
      writeFileSync(path('p.toml'), text);
      assert.ok(!((await daemon.reload()) instanceof Error));
    };
    await adopt(open);
    const client = await openOne();
    assert.equal(await rightsOf(client), 'check');
    await adopt(asking);
    assert.equal(await rightsOf(client), '');
    await adopt(open);
    assert.equal(await rightsOf(client), 'check');
    await adopt(asking);
    client.socket.destroy();
  });

  it('lets fewer strangers in, or more', async () => {
    const second = async () => {
      const client = await openOne();
      const right = await rightsOf(client);
      client.socket.destroy();
      return right;
    };
    const held = await openOne();
    assert.equal(await second(), '');
    assert.equal(await rightsOf(held), '');
    await reload({ strangers: 1 });
    assert.equal(await second(), '');
    assert.deepEqual(await held.rest(), []);
    await reload();
  });

  it('believes another authority from then on', async () => {
    const before = await openOne(pki.pair('forged'));
    assert.equal(await rightsOf(before), '');
    copyFileSync(pki.path('other.crt'), path('ca.crt'));
    await reload();
    assert.equal(await rightsOf(await openOne(pki.pair('forged'))), 'check learn users');
    assert.equal(await rightsOf(await openOne(pki.pair('mail'))), '');
    copyFileSync(pki.path('ca.crt'), path('ca.crt'));
    await reload();
  });

  it('cuts silent handshakes off by the new limit', async () => {
    await reload({ handshake: 1 });
    const silent = connectPlain(port, '127.0.0.2');
    silent.on('error', () => undefined);
    // By the old limit it would take ten minutes.
    await once(silent.resume(), 'close');
    await reload();
  });

  it('leaves a listener that was moved where it is, names it, and does the rest', async () => {
    const outcome = await reload({ rights: '"admin"', host: '127.0.0.3' });
    assert.ok(!(outcome instanceof Error), String(outcome));
    assert.deepEqual([outcome.changed, outcome.restart], [['credentials'], ['listen.tcp.0.host']]);
    const client = await openOne();
    assert.equal(await authenticate(client), '0 undefined');
    assert.equal(await rightsOf(client), 'admin');
    client.socket.destroy();
    await reload();
  });

  const BAD: readonly (readonly [name: string, spoil: () => object, message: RegExp])[] = [
    [
      'a key of another certificate',
      () => spoil('server.key', pki.read('server.key')),
      /tls_key of .* is the key of another certificate/,
    ],
    [
      'a certificate that is none',
      () => spoil('server.crt', 'not PEM at all'),
      /tls_certificate of .* holds no certificate/,
    ],
    ['a key that is none', () => spoil('server.key', '-----BEGIN'), /tls_key of .* holds no private key/],
    ['an empty list of authorities', () => spoil('ca.crt', ''), /tls_client_ca of .* holds no certificate/],
    [
      'a client as authority',
      () => spoil('ca.crt', pki.read('mail.crt')),
      /CN=mail, which is no authority's/,
    ],
    [
      'a secret that is too short',
      () => spoil('module.secret', 'short'),
      /credential module has 5 bytes instead of 16 to 1024/,
    ],
    [
      'a secret of two lines',
      () => spoil('module.secret', 'sixteen bytes long\nand another line\n'),
      /more than one line/,
    ],
    ['a file that is gone', () => remove('ca.crt'), /tls_client_ca of .* cannot be opened \(ENOENT\)/],
  ];
  function remove(name: string): object {
    rmSync(path(name));
    return {};
  }
  function spoil(name: string, text: string): object {
    writeFileSync(path(name), text);
    return {};
  }
  for (const [name, change, message] of BAD) {
    it(`refuses ${name} with a sentence, and changes nothing`, async () => {
      install('next');
      const options = change();
      const refused = await reload({ rights: '"admin"', ...options });
      assert.ok(refused instanceof StartError);
      assert.match(refused.message, message);
      assert.doesNotMatch(refused.message, /\n|-----/);
      const client = await openOne(pki.pair('mail'));
      assert.equal(client.socket.getPeerCertificate().subject.CN, 'next');
      assert.equal(await authenticate(client), '0 undefined');
      assert.equal(await rightsOf(client), 'learn');
      client.socket.destroy();
      install('next');
      copyFileSync(pki.path('ca.crt'), path('ca.crt'));
      writeFileSync(path('module.secret'), SECRET);
    });
  }
});
