import type { InferredOptionTypes, Options } from 'yargs';

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
  port: { type: 'number', requiresArg: true, describe: 'TCP port of the daemon on 127.0.0.1' },
  ...CONFIG_OPTION,
} as const satisfies Record<string, Options>;
export type DaemonArgs = InferredOptionTypes<typeof DAEMON_OPTIONS>;

/** What the XMPP server would tell of the stanza and its stream. */
export const FACT_OPTIONS = {
  from: { type: 'string', requiresArg: true, describe: 'JID of the sender' },
  to: { type: 'string', requiresArg: true, describe: 'JID of the recipient' },
  direction: {
    choices: ['in', 'out'],
    requiresArg: true,
    describe: 'in: from outside; out: from a local user',
  },
  roster: {
    type: 'string',
    requiresArg: true,
    describe: 'none, to, from, both, ask, room: how the sender stands to the recipient',
  },
  'peer-host': { type: 'string', requiresArg: true, describe: 'Domain of the sending server' },
  'peer-ip': { type: 'string', requiresArg: true, describe: 'Its IP address' },
  'peer-tls': { type: 'string', requiresArg: true, describe: 'TLSv1.3 ..., none' },
  'peer-auth': { type: 'string', requiresArg: true, describe: 'external, dialback, c2s, component' },
  'peer-chain': { type: 'string', requiresArg: true, describe: 'valid, or invalid; and why' },
  'peer-identity': {
    type: 'string',
    requiresArg: true,
    describe: 'Whether its certificate names the domain',
  },
} as const satisfies Record<string, Options>;
export type FactArgs = InferredOptionTypes<typeof FACT_OPTIONS>;
