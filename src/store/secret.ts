import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectories } from '../directory.ts';
import { StartError } from '../errors.ts';

export const SECRET_BYTES = 32;

/**
 * The daemon's secret: 32 random bytes in a file that only its owner may read, made where it is not there. All keys are
 * derived from it, so without this file no record of the store says anything.
 * @throws StartError where the file is readable by others or of another size.
 */
export function loadOrCreateSecret(path: string): Buffer {
  try {
    makeDirectories(dirname(path), 0o700);
  } catch (error) {
    throw unusable(path, error);
  }
  if (!existsSync(path)) create(path);
  return load(path);
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

function load(path: string): Buffer {
  let file: number;
  try {
    // A named pipe would be waited for.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unusable(path, error);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile())
      throw new StartError(`The secret ${path} is no file; give the path of a file, or of none.`);
    if ((stat.mode & 0o077) !== 0)
      throw new StartError(
        `The secret ${path} may be read by others; make it private with: chmod 600 ${path}`,
      );
    const secret = readFileSync(file);
    if (secret.length !== SECRET_BYTES)
      throw new StartError(
        `The secret ${path} has ${secret.length} bytes instead of ${SECRET_BYTES}; restore it from a backup, or remove it together with the store.`,
      );
    return secret;
  } finally {
    closeSync(file);
  }
}

function unusable(path: string, cause: unknown): StartError {
  const { code } = cause as NodeJS.ErrnoException;
  return new StartError(`The secret ${path} cannot be opened (${code}); check the path and its owner.`, {
    cause,
  });
}
