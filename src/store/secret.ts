import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectories } from '../directory.ts';
import { StartError } from '../errors.ts';
import { isPath, readSource, withoutLineEnd } from '../secret-source.ts';

export const SECRET_BYTES = 32;
const BASE64 = /^[A-Za-z0-9+/]{43}=$/;

/**
 * The daemon's secret: 32 random bytes in a file that only its owner may read, made where it is not there; or from another
 * source, where they may be in base64. All keys are derived from it, so without it no record of the store says anything.
 * @param storeDirectory where it is not to be made anew if there is a store already
 * @throws StartError where the file is readable by others, of another size, or lost
 */
export function loadOrCreateSecret(source: string, storeDirectory?: string): Buffer {
  if (isPath(source) && !existsSync(source)) makeMissing(source, storeDirectory);
  return loadSecret(source);
}

/** Why a secret that is missing is not made: a new one would open nothing of the store that is there. */
export function lostSecret(path: string, storeDirectory: string): string | undefined {
  if (!existsSync(join(storeDirectory, 'data.mdb'))) return undefined;
  return `The secret ${path} is missing, and the store in ${storeDirectory} was written with one. Restore it from a backup, or remove the store.`;
}

function makeMissing(path: string, storeDirectory: string | undefined): void {
  const lost = storeDirectory === undefined ? undefined : lostSecret(path, storeDirectory);
  if (lost !== undefined) throw new StartError(lost);
  try {
    makeDirectories(dirname(path), 0o700);
  } catch (error) {
    throw unusable(path, error);
  }
  create(path);
}

/**
 * Unless another process was faster, whose secret it then is. A disk that is full leaves no part of one behind: it is written
 * aside, then linked. Not under a name by process id: in two containers that is the same.
 */
function create(path: string): void {
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    writeFileSync(draft, randomBytes(SECRET_BYTES), { flag: 'wx', mode: 0o600, flush: true });
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(path, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The secret that is there. @throws StartError as `loadOrCreateSecret` */
export function loadSecret(source: string): Buffer {
  const what = `The secret ${source}`;
  // Who can read it can read the whole store.
  const bytes = readSource(source, { what, modeRefused: 0o077 });
  const secret = bytes.length === SECRET_BYTES ? bytes : decode(bytes);
  if (secret.length === SECRET_BYTES) return secret;
  throw new StartError(
    `${what} has ${bytes.length} bytes instead of ${SECRET_BYTES}; restore it from a backup, or remove it together with the store.`,
  );
}

/** The environment holds no plain bytes, so base64 is taken, too. */
function decode(bytes: Buffer): Buffer {
  const text = withoutLineEnd(bytes).toString('latin1');
  return BASE64.test(text) ? Buffer.from(text, 'base64') : bytes;
}

function unusable(path: string, cause: unknown): StartError {
  const { code } = cause as NodeJS.ErrnoException;
  return new StartError(`The secret ${path} cannot be opened (${code}); check the path and its owner.`, {
    cause,
  });
}
