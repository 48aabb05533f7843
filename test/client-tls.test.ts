import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { PnpClient, type PnpClientOptions, PnpError } from '../clients/node/pnp-client.ts';
import { runCli } from './cli-process.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { NO_OPENSSL, PKI } from './pki.ts';
import { chat } from './stanzas.ts';

const SECRET = 'the secret of the module';
const TO = 'juliet@capulet.example';

describe('a client of a TLS listener', { skip: NO_OPENSSL }, () => {
  let pki: PKI;
  let daemon: DaemonProcess;
  let remote: Extract<PnpClientOptions, { readonly host: string }>;
  before(async () => {
    pki = new PKI()
      .authority('ca')
      .authority('other')
      .certificate('server', 'DNS:daemon.example,IP:127.0.0.1');
    pki.certificate('mail', 'DNS:mail.capulet.example');
    writeFileSync(pki.path('secret'), `${SECRET}\n`, { mode: 0o600 });
    const file = (name: string) => `"${pki.path(name)}"`;
    const access = `
credentials = [
  { name = "module", secret = ${file('secret')}, rights = ["check", "learn"], domains = ["capulet.example"] },
  { name = "mail", certificate_name = "mail.capulet.example", rights = ["admin", "learn", "check"] },
]
listen.tcp = [{ host = "0.0.0.0", port = 0, tls_certificate = ${file('server.crt')}, tls_key = ${file('server.key')}, tls_client_ca = ${file('ca.crt')} }]`;
    daemon = await startDaemon({ access, config: 'limits.auth_failures_per_minute = 100' });
    remote = { host: '127.0.0.1', port: daemon.tcpPort, tls: { ca: pki.read('ca.crt') }, timeoutMs: 20_000 };
  });
  after(async () => {
    await daemon.stop();
    pki.remove();
  });

  async function withClient<T>(
    options: PnpClientOptions,
    use: (client: PnpClient) => Promise<T>,
  ): Promise<T> {
    const client = new PnpClient(options);
    try {
      return await use(client);
    } finally {
      client.close();
    }
  }
  const failsWith = (code: string, message: RegExp, status?: number) => (error: unknown) => {
    assert.ok(error instanceof PnpError);
    assert.deepEqual([error.code, error.answer?.status], [code, status]);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /secret of the module|wrong and wrong/);
    return true;
  };

  describe('the Node client', () => {
    it('proves who it is before all calls, on each connection of the pool', async () => {
      const auth = { credential: 'module', secret: SECRET };
      await withClient({ ...remote, auth, connections: 3 }, async (client) => {
        const verdicts = await Promise.all(
          Array.from({ length: 60 }, () => client.check(chat('hello'), { to: TO })),
        );
        assert.equal(verdicts.length, 60);
        assert.deepEqual((await client.hello()).rights, ['check', 'learn']);
        await client.end();
      });
    });

    it('proves it by a certificate', async () => {
      const tls = { ...remote.tls, ...pki.pair('mail') };
      const { rights } = await withClient({ ...remote, tls }, (client) => client.hello());
      assert.deepEqual(
        rights,
        ['check', 'learn', 'admin'].sort((a, b) => rights.indexOf(a) - rights.indexOf(b)),
      );
    });

    it('proves it on a Unix socket, too', async () => {
      const auth = { credential: 'module', secret: Buffer.from(SECRET) };
      const { answer } = await withClient({ path: daemon.unixPath, auth }, (client) => client.hello());
      assert.equal(answer.headers.get('Domains'), 'capulet.example');
    });

    it('rejects its calls with what the daemon says to a wrong secret', async () => {
      const auth = { credential: 'module', secret: 'wrong and wrong again' };
      await withClient({ ...remote, auth }, async (client) => {
        const calls = [client.ping(), client.ping()];
        for (const call of calls)
          await assert.rejects(call, failsWith('refused', /answered 77 EX_NOPERM: Credential/, 77));
      });
    });

    it('sends nothing to a daemon whose certificate it does not believe, or that has another name', async () => {
      const strange = { ...remote, tls: { ca: pki.read('other.crt') } };
      await assert.rejects(
        withClient(strange, (client) => client.ping()),
        failsWith('unreachable', /certificate/),
      );
      const renamed = { ...remote, tls: { ...remote.tls, servername: 'other.example' } };
      await assert.rejects(
        withClient(renamed, (client) => client.ping()),
        failsWith('unreachable', /altnames/),
      );
      const named = { ...remote, tls: { ...remote.tls, servername: 'daemon.example' } };
      await withClient(named, (client) => client.ping());
    });

    it('believes no other certificate either where its process is told to believe all', async () => {
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
      try {
        const strange = { ...remote, tls: { ca: pki.read('other.crt') } };
        await assert.rejects(
          withClient(strange, (client) => client.ping()),
          failsWith('unreachable', /certificate/),
        );
      } finally {
        delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      }
    });

    it('sends no secret in clear beyond this machine', () => {
      const auth = { credential: 'module', secret: SECRET };
      for (const host of ['192.0.2.1', 'mail.capulet.example', '127.example', '::ffff:192.0.2.1'])
        assert.throws(
          () => new PnpClient({ host, port: 7711, auth }),
          failsWith('bad-request', /not sent in clear/),
        );
      for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost'])
        new PnpClient({ host, port: 7711, auth }).close();
      new PnpClient({ host: '192.0.2.1', port: 7711 }).close();
    });
  });

  describe('the commands', () => {
    const at = (...more: string[]) => [
      ...['--host', '127.0.0.1', '--port', `${daemon.tcpPort}`, '--tls-ca', pki.path('ca.crt')],
      ...more,
    ];
    it('check by a secret from a file or from the environment', async () => {
      for (const source of [pki.path('secret'), 'environment:MY_SECRET']) {
        const args = ['check', '--to', TO, ...at('--credential', 'module', '--secret-from', source)];
        const { code, stdout, stderr } = await runCli(args, chat('hello'), { MY_SECRET: SECRET });
        assert.deepEqual([code, stdout.startsWith('unsure: ')], [0, true], stderr);
      }
    });

    it('stats by a client certificate', async () => {
      const args = at('--tls-certificate', pki.path('mail.crt'), '--tls-key', pki.path('mail.key'));
      const { code, stdout, stderr } = await runCli(['stats', ...args]);
      assert.deepEqual([code, /^providence_connections 1$/m.test(stdout)], [0, true], stderr);
    });

    const REFUSED: readonly (readonly [name: string, args: () => string[], code: number, said: RegExp])[] = [
      [
        'a secret on the command line',
        () => at('--credential', 'module', '--secret-from', SECRET),
        64,
        /--secret-from is a path that begins/,
      ],
      ['a credential without a secret', () => at('--credential', 'module'), 64, /secret-from/],
      [
        'a certificate without a key',
        () => at('--tls-certificate', pki.path('mail.crt')),
        64,
        /--tls-key together/,
      ],
      ['TLS to nowhere', () => ['--tls'], 64, /add --host or --port/],
      [
        'a certificate of nobody known',
        () => ['--tls', '--port', `${daemon.tcpPort}`],
        69,
        /No daemon answers at .*certificate.*; name its authority with --tls-ca/,
      ],
      [
        'a key as certificate',
        () => at('--tls-certificate', pki.path('mail.key'), '--tls-key', pki.path('mail.key')),
        64,
        /TLS options cannot be used \(\w+\)/,
      ],
      ['a file that is not there', () => ['--port', '1', '--tls-ca', '/none'], 66, /\/none: cannot be read/],
      [
        'a wrong secret',
        () => at('--credential', 'other', '--secret-from', pki.path('secret')),
        77,
        /not a name and its secret/,
      ],
    ];
    for (const [name, args, code, said] of REFUSED) {
      it(`refuse ${name} in one line`, async () => {
        const run = await runCli(['ping', ...args()]);
        assert.equal(run.code, code, run.stderr);
        assert.match(run.stderr, said);
        assert.match(run.stderr, /^providence: [^\n]+\n$/);
        assert.ok(!run.stderr.includes(SECRET));
      });
    }

    it('ping says whether a certificate is believed', async () => {
      const certificate = ['--tls-certificate', pki.path('mail.crt'), '--tls-key', pki.path('mail.key')];
      const shown = await runCli(['ping', ...at(...certificate)]);
      assert.match(shown.stdout, /\nRights here: admin learn check\.\n$/, shown.stderr);
      const without = await runCli(['ping', ...at()]);
      assert.match(without.stdout, /\nRights here: none; show a client certificate or a credential\.\n$/);
    });

    it('say what a listener wants to be shown', async () => {
      const { code, stderr } = await runCli(['stats', ...at()]);
      assert.deepEqual(
        [code, /show a client certificate or send AUTH first/.test(stderr)],
        [77, true],
        stderr,
      );
    });
  });
});
