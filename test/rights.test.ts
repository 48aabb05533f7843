import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { connect as connectSecure } from 'node:tls';
import { VERBS, type Verb } from '../src/pnp/grammar.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { NO_OPENSSL, PKI } from './pki.ts';
import { request, WireClient, wordOf } from './wire-harness.ts';

const SECRET = 'a secret of sixteen bytes, and more';
const OWN = 'juliet@capulet.example';
const FOREIGN = 'romeo@montague.example';
const BELOW = 'nurse@house.capulet.example';

/** What a verb needs and answers by the specification; `user`: it is about a local user. */
const MATRIX: Readonly<Record<Verb, { right: string; word: string; user?: true | 'to' }>> = {
  HELLO: { right: 'none', word: '0 undefined' },
  PING: { right: 'none', word: '0 undefined' },
  SKIP: { right: 'none', word: 'no answer' },
  CHECK: { right: 'check', word: '0 undefined', user: true },
  SYMBOLS: { right: 'check', word: '0 undefined', user: true },
  REPORT: { right: 'check', word: '0 undefined', user: true },
  TELL: { right: 'learn', word: '0 undefined', user: true },
  OBSERVE: { right: 'learn', word: '0 undefined', user: 'to' },
  REGISTER: { right: 'learn', word: '69 not-served' },
  JUNK: { right: 'users', word: '69 not-served' },
  WATCH: { right: 'users', word: '69 not-served' },
  FORGET: { right: 'users', word: '69 not-served' },
  EXPORT: { right: 'users', word: '69 not-served' },
  // Whose key it is says `To` alone.
  REKEY: { right: 'users', word: '0 undefined', user: 'to' },
  KARMA: { right: 'admin', word: '69 not-served' },
  STATS: { right: 'admin', word: '0 undefined' },
  RELOAD: { right: 'admin', word: '0 undefined' },
  LESSONS: { right: 'admin', word: '64 unknown-act' },
  TOKENS: { right: 'admin', word: '0 undefined', user: true },
  // Behind all the others it comes too late.
  AUTH: { right: 'none', word: '64 late-auth' },
};

type Place = 'unix' | 'admin' | 'tcp' | 'remote';

interface Caller {
  readonly about: string;
  readonly place: Place;
  readonly credential?: string;
  readonly certificate?: string;
  readonly rights: string;
  /** Bound to capulet.example. */
  readonly bound?: true;
}

const CREDENTIALS: readonly (readonly [name: string, rights: string])[] = [
  ['nothing', ''],
  ['checker', 'check'],
  ['learner', 'learn'],
  ['users', 'users'],
  ['operator', 'admin'],
  ['module', 'check learn users'],
  ['all', 'check learn users admin'],
];

const CALLERS: readonly Caller[] = [
  { about: 'anybody on the Unix socket', place: 'unix', rights: 'check learn users' },
  { about: "anybody on the operator's socket", place: 'admin', rights: 'check learn users admin' },
  { about: 'anybody on loopback', place: 'tcp', rights: 'check' },
  { about: 'a stranger from afar', place: 'remote', rights: '' },
  {
    about: 'a client certificate from afar',
    place: 'remote',
    certificate: 'guest',
    rights: 'check learn',
    bound: true,
  },
  { about: "a credential's certificate", place: 'remote', certificate: 'mail', rights: 'users' },
  { about: 'an expired certificate', place: 'remote', certificate: 'expired', rights: '' },
  { about: "another authority's certificate", place: 'remote', certificate: 'forged', rights: '' },
  ...CREDENTIALS.flatMap(([name, rights]): Caller[] => [
    { about: `the secret of ${name}`, place: 'remote', credential: name, rights },
    {
      about: `the secret of ${name}, bound`,
      place: 'remote',
      credential: `${name}-bound`,
      rights,
      bound: true,
    },
  ]),
  { about: 'a credential on loopback', place: 'tcp', credential: 'users', rights: 'users' },
  { about: 'a lesser credential on a Unix socket', place: 'unix', credential: 'nothing', rights: '' },
];

function accessOf(pki: PKI): string {
  const list = (words: string) => JSON.stringify(words.split(' ').filter((word) => word !== ''));
  const secrets = CREDENTIALS.flatMap(([name, rights]) => [
    `{ name = "${name}", secret = "environment:PV_SECRET", rights = ${list(rights)} }`,
    `{ name = "${name}-bound", secret = "environment:PV_SECRET", rights = ${list(rights)}, domains = ["Capulet.EXAMPLE"] }`,
  ]);
  const file = (name: string) => `"${pki.path(name)}"`;
  const tls = `tls_certificate = ${file('server.crt')}, tls_key = ${file('server.key')}, tls_client_ca = ${file('ca.crt')}`;
  return `
credentials = [
  { name = "mail", certificate_name = "mail.capulet.example", rights = ["users"] },
  ${secrets.join(',\n  ')}
]
listen.tcp = [
  { port = 0 },
  { host = "0.0.0.0", port = 0, rights = ["check", "learn"], domains = ["capulet.example"], ${tls} },
]`;
}

describe('rights: verbs × credentials × domains', { skip: NO_OPENSSL }, () => {
  let pki: PKI;
  let daemon: DaemonProcess;
  before(async () => {
    pki = new PKI().authority('ca').authority('other').certificate('server', 'DNS:localhost,IP:127.0.0.1');
    pki.certificate('mail', 'DNS:mail.capulet.example').certificate('guest', 'DNS:guest.example');
    pki.certificate('expired', 'DNS:mail.capulet.example', { days: -1 });
    pki.certificate('forged', 'DNS:mail.capulet.example', { ca: 'other' });
    const config = 'limits.handshake_seconds_max = 600';
    daemon = await startDaemon({ access: accessOf(pki), config, env: { PV_SECRET: SECRET } });
  });
  after(async () => {
    // Amid its handshake it does not hold the stop up.
    const idle = connectPlain(daemon.tcpPorts[1] as number, '127.0.0.1');
    await once(idle, 'connect');
    assert.equal(await daemon.stop(), 0);
    idle.destroy();
    pki.remove();
  });

  async function open({ place, certificate, credential }: Caller): Promise<WireClient> {
    const socket = await openSocket(place, certificate);
    const client = new WireClient(socket);
    if (credential !== undefined) {
      const answer = await client.send(request('AUTH', { Credential: credential }, SECRET)).answer();
      assert.equal(answer.status, 0, wordOf(answer));
    }
    return client;
  }

  async function openSocket(place: Place, certificate: string | undefined): Promise<Duplex> {
    if (place === 'remote') {
      const proof = certificate === undefined ? {} : pki.pair(certificate);
      const socket = connectSecure(daemon.tcpPorts[1] as number, '127.0.0.1', {
        ca: pki.read('ca.crt'),
        ...proof,
      });
      socket.allowHalfOpen = true;
      await once(socket, 'secureConnect');
      return socket;
    }
    const plain = {
      unix: { path: daemon.unixPath },
      admin: { path: daemon.adminPath },
      tcp: { port: daemon.tcpPort },
    };
    const socket = connectPlain({ ...plain[place], host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  }

  it('covers every verb of the grammar', () =>
    assert.deepEqual(Object.keys(MATRIX).sort(), [...VERBS].sort()));

  for (const caller of CALLERS) {
    it(`${caller.about}: ${caller.rights === '' ? 'no rights' : caller.rights}`, async () => {
      const client = await open(caller);
      const cases = casesOf(caller);
      client.finish(cases.map(({ bytes }) => bytes).join(''));
      const said = (await client.rest()).map((answer) => `${idOf(answer)}: ${wordOf(answer)}`);
      const expected = cases.flatMap(({ id, word }) => (word === 'no answer' ? [] : [`${id}: ${word}`]));
      assert.deepEqual(said.sort(), expected.sort());
    });
  }
});

describe('what concerns the lessons of all domains', () => {
  it('is not for an operator of some domains', async () => {
    const access = `credentials = [{ name = "some", secret = "environment:PV_SECRET", rights = ["admin"], domains = ["a.example"] }]
listen.tcp = [{ port = 0 }]`;
    const daemon = await startDaemon({ access, env: { PV_SECRET: SECRET } });
    const client = new WireClient(connectPlain({ path: daemon.unixPath, allowHalfOpen: true }));
    await client.send(request('AUTH', { Credential: 'some' }, SECRET)).answer();
    for (const Act of ['stats', 'dump', 'restore', 'prune'])
      assert.equal(wordOf(await client.send(request('LESSONS', { Act })).answer()), '77 foreign-domain');
    client.stream.destroy();
    assert.equal(await daemon.stop(), 0);
  });
});

describe('the dialect of spamd on a listener bound to a domain', () => {
  let daemon: DaemonProcess;
  before(async () => {
    const access = 'listen.tcp = [{ port = 0, rights = ["check", "learn"], domains = ["capulet.example"] }]';
    daemon = await startDaemon({ access });
  });
  after(() => daemon.stop());

  const ask = async (head: string) => {
    const socket = connectPlain(daemon.tcpPort, '127.0.0.1');
    socket.end(`${head}\r\nContent-length: 6\r\n\r\nWords\n`);
    let said = '';
    for await (const chunk of socket) said += chunk;
    return said.split('\r\n')[0];
  };

  it('judges and teaches for its users only', async () => {
    const teach = 'TELL SPAMC/1.5\r\nMessage-class: spam\r\nSet: local';
    assert.match((await ask(`CHECK SPAMC/1.5\r\nUser: ${OWN}`)) ?? '', /^SPAMD\/1\.\d 0 /);
    assert.match((await ask(`CHECK SPAMC/1.5\r\nUser: ${FOREIGN}`)) ?? '', /^SPAMD\/1\.\d 77 /);
    assert.match((await ask(`${teach}\r\nUser: ${OWN}`)) ?? '', /^SPAMD\/1\.\d 0 /);
    assert.match((await ask(`${teach}\r\nUser: ${FOREIGN}`)) ?? '', /^SPAMD\/1\.\d 77 /);
  });
});

interface Case {
  readonly id: string;
  readonly bytes: string;
  readonly word: string;
}

/** Each verb with a user of each domain, as recipient and as sender. */
function casesOf(caller: Caller): Case[] {
  const verbs = Object.entries(MATRIX).flatMap(([verb, { right, word, user }]): Case[] => {
    const allowed = right === 'none' || caller.rights.split(' ').includes(right);
    const answer = (local: string) => {
      if (!allowed) return '77 no-right';
      return user && caller.bound && local !== OWN ? '77 foreign-domain' : word;
    };
    return [OWN, FOREIGN, BELOW].flatMap((local, index) => {
      const one = (id: string, headers: object, stanza: string): Case => ({
        id,
        bytes: request(verb, { Id: id, ...headers }, user === true ? stanza : ''),
        word: answer(local),
      });
      const comes = one(
        `${verb}.${index}.in`,
        headersOf(verb, { To: local }),
        stanza('a@spam.example/x', local),
      );
      if (verb === 'TELL' || user !== true) return [comes];
      // The other party is of no account.
      const to = local === OWN ? FOREIGN : OWN;
      return [comes, one(`${verb}.${index}.out`, { Direction: 'out' }, stanza(`${local}/x`, to))];
    });
  });
  return verbs;
}

function headersOf(verb: string, headers: object): object {
  if (verb === 'OBSERVE') return { ...headers, Event: 'replied', From: 'a@spam.example' };
  if (verb === 'REKEY') return { ...headers, 'New-User-Key': 'none' };
  return verb === 'TELL' ? { ...headers, 'Message-Class': 'spam', Set: 'local' } : headers;
}

function stanza(from: string, to: string): string {
  return `<message from='${from}' to='${to}'><body>PROVIDENCE-TEST-SPAM-7c3f1e9a52d84b06a1e5f0936bd2c847</body></message>`;
}

function idOf(answer: { headers: readonly (readonly [string, string])[] }): string {
  return answer.headers.find(([name]) => name === 'Id')?.[1] ?? '';
}
