import { PnpClient } from '../../clients/node/pnp-client.ts';
import { RequestError, STATUS } from '../errors.ts';
import type { Act } from '../verbs/lesson-acts.ts';
import { findDaemon } from './daemon-client.ts';
import { CliError, EXIT } from './exit.ts';
import type { DaemonArgs } from './options.ts';
import { mayOpenStore, openOwnStore } from './own-store.ts';

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
    if (mayOpenStore(args, error)) return undefined;
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

/** @throws CliError, ConfigError, StartError, StoreError `locked` where a daemon has the store after all */
async function storeDoor(args: DaemonArgs, mayMake: boolean): Promise<LessonDoor> {
  const { store } = await openOwnStore(args, mayMake);
  const { actOn } = await import('../verbs/lesson-acts.ts');
  return {
    ask: (act, lines) => actOn(store, act, lines).catch(rethrown),
    bytesMax: LOCAL_BYTES_MAX,
    close: () => store.close(),
  };
}

function rethrown(error: unknown): never {
  if (error instanceof RequestError) throw new CliError(STATUS[error.status], `${error.message}.`);
  throw error;
}
