import { isIP, isIPv6 } from 'node:net';
import { z } from 'zod';
import { canonicalJID, domainOf } from '../model/jid.ts';
import { RIGHTS, type Right } from '../pnp/grammar.ts';
import { SOURCE_FORM, SOURCE_PATTERN } from '../secret-source.ts';
import { RESTART, RESTART_TO_SWITCH, table, whole } from './keys.ts';

const rightsKey = (fallback: readonly Right[], prose: string) =>
  z
    .array(z.enum(RIGHTS))
    .default([...fallback])
    .describe(prose);

const LISTENER_RIGHTS = 'What callers of this listener may do: `check`, `learn`, `users`, `admin`.';
const domainsKey = z
  .array(z.string().max(1_023).refine(isDomain, 'must be a domain, such as "capulet.example"'))
  .max(10_000)
  .default([])
  .describe('Domains whose users they may ask for, each exactly as in the JIDs; empty: all.');

/** A certificate, key or secret, named by where it is. */
const sourceKey = (prose: string) =>
  z
    .string()
    // Not echoed: it may be the secret.
    .refine((text) => text === '' || SOURCE_PATTERN.test(text), `must be ${SOURCE_FORM}`)
    .default('')
    .describe(prose);

const unixListener = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(107)
    .describe('Path of the socket; at most 107 bytes, a limit of the kernel.')
    .meta(RESTART),
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'must be three octal digits, such as "660"')
    .default('660')
    .describe('Permissions of the socket, octal digits in quotes.')
    .meta(RESTART),
  group: z
    .string()
    .max(32)
    .default('')
    .describe('Group that owns the socket; empty: the group of the daemon.')
    .meta(RESTART),
  rights: rightsKey(['check', 'learn', 'users'], LISTENER_RIGHTS),
  domains: domainsKey,
});

const tcpListener = z.strictObject({
  host: z
    .string()
    .min(1)
    .max(255)
    .default('127.0.0.1')
    .describe(
      'Address to listen on. Beyond 127.0.0.1, ::1 and localhost TLS is needed, and callers have to prove who they are.',
    )
    .meta(RESTART),
  port: whole(7711, [0, 65_535], 'Port; 0 takes any free one.').meta(RESTART),
  rights: rightsKey(
    ['check'],
    'What callers may do: on loopback everybody; beyond it, or with `tls_client_ca`, those with a client certificate.',
  ),
  domains: domainsKey,
  tls_certificate: sourceKey(
    "The server's certificate and what links it to its authority, PEM: a path, `credential:NAME` or `environment:NAME`. Empty: no TLS.",
  ).meta(RESTART_TO_SWITCH),
  tls_key: sourceKey('The private key of `tls_certificate`, PEM, from a source like it.'),
  tls_client_ca: sourceKey(
    'Authorities whose client certificates are believed, PEM, from a source like `tls_certificate`; only your own, never public ones.',
  ),
});

/** Where PNP is spoken. */
export const listenTable = table(
  {
    unix: z
      .array(unixListener)
      .max(16)
      .default([
        unixListener.parse({ path: './var/providence.sock' }),
        unixListener.parse({ path: './var/admin.sock', mode: '600', rights: RIGHTS }),
      ])
      .describe('Unix sockets. A list in the file replaces this one whole.')
      .meta(RESTART),
    tcp: z
      .array(tcpListener)
      .max(16)
      .default([tcpListener.parse({})])
      .describe('TCP listeners. An empty list switches TCP off.')
      .meta(RESTART),
  },
  'Where PNP is spoken.',
);

/** Who may prove to be somebody, whatever listener they come by. */
export const credentialsList = z
  .array(
    z.strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, underscores and hyphens')
        .describe('What AUTH and error messages call it.'),
      secret: sourceKey(
        'Where the secret for AUTH is, one line of 16 to 1024 bytes: a path, `credential:NAME` or `environment:NAME`.',
      ),
      certificate_name: z
        .string()
        .max(253)
        .refine(
          (name) => name === '' || isDNSName(name),
          'must be a DNS name, such as "mail.capulet.example"',
        )
        .default('')
        .describe(
          'DNS name in a client certificate that proves it, too; wildcards in certificates do not count.',
        ),
      rights: rightsKey(
        ['check', 'learn', 'users'],
        'What its bearer may do, in place of the rights of the listener.',
      ),
      domains: domainsKey,
    }),
  )
  .max(1_000)
  .default([])
  .describe('Credentials: rights of single callers, by a secret or by a client certificate.');

type Listen = z.output<typeof listenTable>;
type TCP = Listen['tcp'][number];
export type CredentialConfig = z.output<typeof credentialsList>[number];
/** What is wrong, and with which key. */
type Report = (path: (string | number)[], message: string) => void;

/** Whether only this machine can connect; other names than `localhost` may mean any machine. */
export function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Rules over several keys of listeners and credentials. */
export function checkListeners(
  { listen, credentials }: { listen: Listen; credentials: readonly CredentialConfig[] },
  report: Report,
): void {
  if (listen.unix.length + listen.tcp.length === 0) {
    report(['listen', 'unix'], 'and listen.tcp are both empty: nobody could ask');
  }
  const twice = repeated(listen.unix.map(({ path }) => path));
  if (twice >= 0) report(['listen', 'unix', twice, 'path'], 'is the path of another listener, too');
  const provable = credentials.some(({ secret }) => secret !== '');
  for (const [index, listener] of listen.tcp.entries())
    checkTCP(listener, provable, (key, message) => report(['listen', 'tcp', index, key], message));
  checkCredentials(credentials, listen.tcp, report);
}

function checkTCP(listener: TCP, provable: boolean, report: (key: keyof TCP, message: string) => void): void {
  const { host, port, tls_certificate, tls_key, tls_client_ca } = listener;
  const place = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  if (tls_certificate === '' && !isLoopback(host)) {
    report(
      'host',
      `${place} lies beyond loopback, where TLS is needed: set tls_certificate and tls_key, or listen on 127.0.0.1`,
    );
  }
  if ((tls_certificate === '') !== (tls_key === '')) {
    report(
      tls_key === '' ? 'tls_key' : 'tls_certificate',
      `is missing for ${place}: certificate and key belong together`,
    );
  }
  if (tls_client_ca === '') {
    if (tls_certificate !== '' && !isLoopback(host) && !provable) {
      report(
        'host',
        `${place} lies beyond loopback, where callers have to prove who they are: set tls_client_ca, or a [[credentials]] with a secret`,
      );
    }
  } else if (tls_certificate === '') {
    report('tls_client_ca', `of ${place} needs TLS: set tls_certificate and tls_key`);
  }
}

function checkCredentials(
  credentials: readonly CredentialConfig[],
  tcp: readonly TCP[],
  report: Report,
): void {
  for (const key of ['name', 'certificate_name'] as const) {
    const twice = repeated(credentials.map((credential) => credential[key].toLowerCase()));
    if (twice >= 0) report(['credentials', twice, key], 'is that of another credential, too');
  }
  const asksForCertificates = tcp.some((listener) => listener.tls_client_ca !== '');
  for (const [index, { secret, certificate_name }] of credentials.entries()) {
    if (secret === '' && certificate_name === '') {
      report(
        ['credentials', index, 'secret'],
        'and certificate_name are both missing: nothing could prove it',
      );
    }
    if (certificate_name !== '' && !asksForCertificates) {
      report(
        ['credentials', index, 'certificate_name'],
        'can never be shown: no listener has a tls_client_ca',
      );
    }
  }
}

/** Where a text stands that was there before; −1 for none. Empty texts do not count. */
function repeated(texts: readonly string[]): number {
  return texts.findIndex((text, index) => text !== '' && texts.indexOf(text) < index);
}

/** Names of addresses are of another kind in a certificate: one would never be found. */
function isDNSName(text: string): boolean {
  return isDomain(text) && isIP(text) === 0 && !text.startsWith('[');
}

function isDomain(text: string): boolean {
  try {
    const jid = canonicalJID(text);
    return domainOf(jid) === jid;
  } catch {
    return false;
  }
}
