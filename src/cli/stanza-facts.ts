import { readFileSync } from 'node:fs';
import type { StanzaFacts } from '../../clients/node/pnp-client.ts';
import { CliError, EXIT } from './exit.ts';
import type { FactArgs, PartyArgs } from './options.ts';

/** 32 bytes. */
const KEY = /^[A-Za-z0-9+/]{43}=$/;

/** Options as facts of the stanza. @throws CliError 66, 65 for a key that is none */
export function factsOf(args: PartyArgs & Partial<FactArgs>): StanzaFacts {
  const keyFile = args['user-key-file'];
  return {
    from: args.from,
    to: args.to,
    direction: args.direction,
    roster: args.roster,
    answers: args.answers,
    peerHost: args['peer-host'],
    peerIP: args['peer-ip'],
    peerTLS: args['peer-tls'],
    peerAuth: args['peer-auth'],
    peerChain: args['peer-chain'],
    peerIdentity: args['peer-identity'],
    userKey: keyFile === undefined ? undefined : readKey(keyFile),
  };
}

function readKey(path: string): Uint8Array {
  const text = readText(path).trim();
  if (KEY.test(text)) return Buffer.from(text, 'base64');
  throw new CliError(EXIT.badInput, `${path}: holds no user key; write 32 bytes in base64 into it.`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CliError(EXIT.noInput, `${path}: cannot be read (${code}); name an existing file.`, { cause });
  }
}
