import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PnpClient, PnpError } from '../../clients/node/pnp-client.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { RequestError, STATUS } from '../errors.ts';
import { isPath } from '../secret-source.ts';
import type { Act } from '../verbs/lesson-acts.ts';
import { findDaemon } from './daemon-client.ts';
import { CliError, EXIT } from './exit.ts';
import type { DaemonArgs } from './options.ts';
import { note } from './print.ts';

/** A step of pruning or restoring may wait for the disk. */
const TIMEOUT_MS = 60_000;
/** What a local step takes at once: as much as the daemon does by default. */
const LOCAL_BYTES_MAX = 262_144;

/** A way to the lessons: through the daemon, or to the store itself where none runs. */
export interface LessonDoor {
  /** One step; lines in, lines out, each with CRLF. */
  ask(act: Act, lines: string): Promise<string>;
  /** Most bytes of lines in one step. */
  readonly bytesMax: number;
  close(): Promise<void>;
}

/** Runs `use` with a way to the lessons. @param mayMake whether a store may be made where there is none */
export async function withLessons<T>(
  args: DaemonArgs,
  use: (door: LessonDoor) => Promise<T>,
  mayMake = false,
): Promise<T> {
  const door = (await daemonDoor(args)) ?? (await storeDoor(args, mayMake));
  try {
    return await use(door);
  } finally {
    await door.close();
  }
}

/** Undefined where the configuration says where the daemon is, and nobody is there. @throws PnpError, CliError */
async function daemonDoor(args: DaemonArgs): Promise<LessonDoor | undefined> {
  const place = findDaemon(args, 'admin');
  const client = new PnpClient({
    ...place,
    timeoutMs: TIMEOUT_MS,
    requestBytesMax: Number.POSITIVE_INFINITY,
  });
  try {
    const { limits } = await client.hello();
    return {
      ask: async (act, lines) => {
        const answer = await client.call('LESSONS', { Act: act }, lines);
        if (answer.status !== EXIT.ok) throw refusedBy(answer);
        return answer.body.toString('latin1');
      },
      bytesMax: limits.get('Body-Bytes-Max') ?? LOCAL_BYTES_MAX,
      close: async () => client.close(),
    };
  } catch (error) {
    client.close();
    if (!isNamed(args) && isNobodyThere(error)) return undefined;
    throw error;
  }
}

function refusedBy({
  status,
  headers,
}: {
  status: number;
  headers: { get(name: string): string | undefined };
}): CliError {
  return new CliError(status, `The daemon answered ${status}: ${headers.get('Error') ?? 'no reason given'}.`);
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

/** @throws CliError, ConfigError, StartError, StoreError `locked` where a daemon has the store after all */
async function storeDoor(args: DaemonArgs, mayMake: boolean): Promise<LessonDoor> {
  const { config } = loadConfig(args.config);
  refuseOthersStore(config, mayMake);
  // Loaded here: the store is slow to load, and mostly the daemon has it.
  const { openStore } = await import('../store/lmdb/store.ts');
  const { storeOptions } = await import('../store-options.ts');
  const { actOn } = await import('../verbs/lesson-acts.ts');
  const log = { info: () => undefined, warn: said, error: said };
  const store = await openStore(storeOptions(config, log, 'there'));
  note(`no daemon runs; this is the store in ${config.store.directory} itself`);
  return {
    ask: (act, lines) => actOn(store, act, lines).catch(rethrown),
    bytesMax: LOCAL_BYTES_MAX,
    close: () => store.close(),
  };
}

function said(_fields: object, message: string): void {
  note(message);
}

function rethrown(error: unknown): never {
  if (error instanceof RequestError) throw new CliError(STATUS[error.status], `${error.message}.`);
  throw error;
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
