import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PnpError } from '../../clients/node/pnp-client.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { isPath } from '../secret-source.ts';
import type { Store } from '../store/store.ts';
import { CliError, EXIT } from './exit.ts';
import type { DaemonArgs } from './options.ts';
import { note } from './print.ts';

/**
 * Whether nobody serves the store of the configuration, so that one may open it: no option says where the daemon is, and there
 * nobody listens. The store's lock has the last word.
 */
export function mayOpenStore(args: DaemonArgs, error: unknown): boolean {
  return !isNamed(args) && isNobodyThere(error);
}

function isNamed({ socket, host, port }: DaemonArgs): boolean {
  return (
    socket !== undefined ||
    host !== undefined ||
    port !== undefined ||
    Boolean(process.env['PROVIDENCE_SOCKET'])
  );
}

function isNobodyThere(error: unknown): boolean {
  if (!(error instanceof PnpError) || error.code !== 'unreachable') return false;
  return ['ENOENT', 'ECONNREFUSED'].includes(
    String((error.cause as NodeJS.ErrnoException | undefined)?.code),
  );
}

export interface OwnStore {
  readonly store: Store;
  readonly secret: Buffer;
}

/**
 * Opens the store where no daemon has it. No secret is made.
 * @param mayMake whether a store is made where there is none
 * @throws CliError, ConfigError, StartError, StoreError `locked` where a daemon has the store after all
 */
export async function openOwnStore(args: DaemonArgs, mayMake: boolean): Promise<OwnStore> {
  const { config } = loadConfig(args.config);
  refuseOthersStore(config, mayMake);
  // Loaded here: the store is slow to load, and mostly the daemon has it.
  const { openStore } = await import('../store/lmdb/store.ts');
  const { storeOptions } = await import('../store-options.ts');
  const options = storeOptions(config, { info: () => undefined, warn: said, error: said }, 'there');
  const store = await openStore(options);
  note(`no daemon runs; this is the store in ${config.store.directory} itself`);
  return { store, secret: options.secret };
}

function said(_fields: object, message: string): void {
  note(message);
}

/** What this user wrote there, its owner could not read or change any more. */
function refuseOthersStore({ store: { directory, secret_file: secret } }: Config, mayMake: boolean): void {
  const file = join(directory, 'data.mdb');
  const isThere = existsSync(file);
  if (!isThere && !mayMake)
    throw new CliError(
      EXIT.noInput,
      `There is no daemon that answers, and no store in ${directory}; start the daemon first.`,
    );
  const owned = isThere ? file : secret;
  if (!isThere && !(isPath(secret) && existsSync(secret))) return;
  const { uid } = statSync(owned);
  if (uid === process.getuid?.()) return;
  throw new CliError(
    EXIT.noPermission,
    `${owned} belongs to the user with the number ${uid}; run this as that user, with runuser or sudo.`,
  );
}
