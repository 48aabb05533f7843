import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { NO_OPENSSL, PKI } from './pki.ts';
import { HAM_TEXT, SPAM_STANZA, spamc } from './spamd-exchange.ts';
import { request } from './wire-harness.ts';

const SECRET = 'a secret of sixteen bytes, and more';
const CHECKED = /^SPAMD\/1\.1 0 EX_OK\r\nSpam: /;
const NO_RIGHT = /^SPAMD\/1\.0 77 EX_NOPERM: no-right ; [^\r]+\r\n$/;
const FOREIGN = /^SPAMD\/1\.0 77 EX_NOPERM: foreign-domain ; [^\r]+\r\n$/;
const user = (jid: string) => `User: ${jid}\r\n`;
const LESSON = 'Message-class: spam\r\nSet: local\r\n';

/** Bytes, the certificate that is shown, and what is said. */
const CASES: readonly (readonly [
  name: string,
  bytes: string,
  certificate: string | undefined,
  said: RegExp,
])[] = [
  ['PING without a proof', 'PING SPAMC/1.5\r\n\r\n', undefined, /^SPAMD\/1\.5 0 PONG\r\n$/],
  ['CHECK without a proof', spamc('CHECK', HAM_TEXT), undefined, NO_RIGHT],
  [
    'TELL without a proof',
    spamc('TELL', HAM_TEXT, user('juliet@capulet.example') + LESSON),
    undefined,
    NO_RIGHT,
  ],
  ['CHECK with a certificate', spamc('CHECK', HAM_TEXT), 'guest', CHECKED],
  [
    "CHECK for a user of the listener's domain",
    spamc('CHECK', HAM_TEXT, user('j@capulet.example')),
    'guest',
    CHECKED,
  ],
  ['CHECK for a user of another', spamc('CHECK', HAM_TEXT, user('r@montague.example')), 'guest', FOREIGN],
  [
    'TELL of a user of another',
    spamc('TELL', HAM_TEXT, user('r@montague.example') + LESSON),
    'guest',
    FOREIGN,
  ],
  [
    'the dialect behind AUTH',
    request('AUTH', { Credential: 'module' }, SECRET) + spamc('CHECK', HAM_TEXT),
    undefined,
    /^PNP\/1\.0 0 EX_OK\r\n[\s\S]*PNP\/1\.0 76 EX_PROTOCOL\r\nError: bad-request-line ; /,
  ],
];

describe('the SpamAssassin dialect where a proof is needed', { skip: NO_OPENSSL }, () => {
  let pki: PKI;
  let daemon: DaemonProcess;
  before(async () => {
    pki = new PKI().authority('ca').certificate('server', 'DNS:localhost,IP:127.0.0.1');
    pki.certificate('guest', 'DNS:guest.example');
    const file = (name: string) => `"${pki.path(name)}"`;
    const tls = `tls_certificate = ${file('server.crt')}, tls_key = ${file('server.key')}, tls_client_ca = ${file('ca.crt')}`;
    const access = `
credentials = [{ name = "module", secret = "environment:PV_SECRET", rights = ["check"] }]
listen.tcp = [{ host = "0.0.0.0", port = 0, rights = ["check", "learn"], domains = ["capulet.example"], ${tls} }]`;
    daemon = await startDaemon({ access, env: { PV_SECRET: SECRET } });
  });
  after(async () => {
    await daemon.stop();
    pki.remove();
  });

  for (const [name, bytes, certificate, said] of CASES) {
    it(`${name} [PNP-10.1]`, async () => {
      const proof = certificate === undefined ? {} : pki.pair(certificate);
      const socket = connect(daemon.tcpPorts[0] as number, '127.0.0.1', { ca: pki.read('ca.crt'), ...proof });
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
      });
      await once(socket, 'secureConnect');
      socket.write(bytes);
      await once(socket, 'end');
      assert.match(text, said);
    });
  }

  const hasSpamc = spawnSync('spamc', ['-V']).stdout?.includes('SSL') === true;
  it('spamc comes by TLS, with its certificate', {
    skip: hasSpamc ? false : 'spamc is not installed',
  }, () => {
    const place = ['-F', '/dev/null', '-x', '-S', '-d', 'localhost', '-4', '-p', `${daemon.tcpPorts[0]}`];
    const trust = ['--ssl-ca-file', pki.path('ca.crt')];
    const proof = ['--ssl-cert', pki.path('guest.crt'), '--ssl-key', pki.path('guest.key')];
    const run = (options: string[]) =>
      spawnSync('spamc', [...place, ...trust, ...options, '-c'], { input: SPAM_STANZA, encoding: 'utf8' });
    assert.equal(run(proof).stdout, '5.0/5.0\n');
    assert.equal(run([]).stdout, '0/0\n');
  });
});
