import type { InferredOptionTypes, Options } from 'yargs';
import { FACT_WORDS } from '../../clients/node/pnp-client.ts';

export const CONFIG_OPTION = {
  config: {
    type: 'string',
    requiresArg: true,
    describe: 'Configuration file; else $PROVIDENCE_CONFIG, else /etc/providence/providence.toml',
  },
} as const satisfies Record<string, Options>;

/** Where the daemon is. */
export const DAEMON_OPTIONS = {
  socket: {
    type: 'string',
    requiresArg: true,
    conflicts: 'port',
    describe: 'Unix socket of the daemon; else $PROVIDENCE_SOCKET, else the configured one',
  },
  host: {
    type: 'string',
    requiresArg: true,
    conflicts: 'socket',
    describe: 'Host of the daemon, else 127.0.0.1; beyond loopback by TLS',
  },
  port: { type: 'number', requiresArg: true, describe: 'TCP port of the daemon; with --host else 7711' },
  tls: { type: 'boolean', conflicts: 'socket', describe: 'Use TLS on loopback, too' },
  'tls-ca': {
    type: 'string',
    requiresArg: true,
    describe: 'File of authorities to believe, PEM; else the public ones',
  },
  'tls-certificate': { type: 'string', requiresArg: true, describe: 'File of a client certificate, PEM' },
  'tls-key': {
    type: 'string',
    requiresArg: true,
    describe: 'Its key; a source such as that of --secret-from',
  },
  credential: {
    type: 'string',
    requiresArg: true,
    implies: 'secret-from',
    describe: 'Name to send with AUTH',
  },
  'secret-from': {
    type: 'string',
    requiresArg: true,
    implies: 'credential',
    describe: 'Where its secret is: ./FILE, environment:NAME or credential:NAME; never the secret itself',
  },
  ...CONFIG_OPTION,
} as const satisfies Record<string, Options>;
export type DaemonArgs = InferredOptionTypes<typeof DAEMON_OPTIONS>;

const TEXT = { type: 'string', requiresArg: true } as const;

/** Who wrote to whom: what a verdict and a lesson are both about. */
export const PARTY_OPTIONS = {
  from: { ...TEXT, describe: 'JID of the sender, if the stanza does not say it' },
  to: { ...TEXT, describe: 'JID of the recipient, if the stanza does not say it' },
  'user-key-file': { ...TEXT, describe: "File with the user's key, 32 bytes in base64" },
} as const satisfies Record<string, Options>;
export type PartyArgs = InferredOptionTypes<typeof PARTY_OPTIONS>;

/** All that the XMPP server would tell of the stanza and its stream. */
export const FACT_OPTIONS = {
  ...PARTY_OPTIONS,
  direction: {
    choices: FACT_WORDS.direction,
    requiresArg: true,
    describe: 'Whether it comes to a local user or goes out from one',
  },
  roster: {
    choices: FACT_WORDS.roster,
    requiresArg: true,
    describe: 'How the sender stands to the recipient; room: one that the recipient has joined',
  },
  answers: { type: 'boolean', describe: 'An error that answers what the recipient sent' },
  'peer-host': { ...TEXT, describe: 'Domain that the sending server proved to be' },
  'peer-ip': { ...TEXT, describe: 'Address of the sending server' },
  'peer-tls': { choices: FACT_WORDS.peerTLS, requiresArg: true, describe: 'Encryption of its stream' },
  'peer-auth': { choices: FACT_WORDS.peerAuth, requiresArg: true, describe: 'How it authenticated' },
  'peer-chain': { ...TEXT, describe: '"valid", or "invalid; " and why: its certificate' },
  'peer-identity': {
    choices: FACT_WORDS.peerIdentity,
    requiresArg: true,
    describe: 'Whether its certificate names the domain',
  },
} as const satisfies Record<string, Options>;
export type FactArgs = InferredOptionTypes<typeof FACT_OPTIONS>;
