import { readFileSync } from 'node:fs';
import type { StanzaFacts } from '../../clients/node/pnp-client.ts';
import { readUserKey, USER_KEY_BYTES } from '../pnp/user-key.ts';
import { CliError, cannotRead, EXIT } from './exit.ts';
import type { FactArgs, PartyArgs } from './options.ts';

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
  const key = readUserKey(readText(path).trim());
  if (key !== undefined) return key;
  throw new CliError(
    EXIT.badInput,
    `${path}: holds no user key; write ${USER_KEY_BYTES} bytes in base64 into it.`,
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}
