import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from './errors.ts';

/**
 * Where a secret comes from; never the secret itself. A path is told from a secret by its beginning, so that one written in
 * the place of the other is refused unread.
 */
export const SOURCE_PATTERN =
  /^(?:\.{0,2}\/[^\0\n]{1,4000}|credential:[A-Za-z0-9._-]{1,255}|environment:[A-Za-z_][A-Za-z0-9_]{0,254})$/;
/** What `SOURCE_PATTERN` takes, in words. */
export const SOURCE_FORM =
  'a path that begins with / or ./, credential:NAME (of systemd) or environment:NAME; the secret itself is never written here';

/** Longest content of a source: a chain of certificates fits well. */
const SOURCE_BYTES_MAX = 65_536;
const CREDENTIAL = 'credential:';
const ENVIRONMENT = 'environment:';

export interface SourceOptions {
  /** What is read, as the subject of an error: 'The secret of the credential a'. */
  readonly what: string;
  /** File permissions that are refused: 0o077 = its owner's alone; 0 = anybody may read it. */
  readonly modeRefused: number;
}

/** Whether the source names a file by its path. */
export function isPath(source: string): boolean {
  return !source.startsWith(CREDENTIAL) && !source.startsWith(ENVIRONMENT);
}

/** What the source holds. @throws StartError, which repeats no word of the source: it may be the secret by mistake */
export function readSource(source: string, options: SourceOptions, env = process.env): Buffer {
  if (source.startsWith(ENVIRONMENT)) return readVariable(source.slice(ENVIRONMENT.length), options, env);
  if (!source.startsWith(CREDENTIAL)) return readFile(source, options);
  const directory = env['CREDENTIALS_DIRECTORY'] ?? '';
  const name = source.slice(CREDENTIAL.length);
  if (directory === '' || name === '' || name.includes('/') || name.startsWith('.')) {
    throw new StartError(
      `${options.what} is a credential of systemd, and there is none of that name; set LoadCredential= in the unit.`,
    );
  }
  // Its mode says nothing: systemd may give it by an access list.
  return readFile(join(directory, name), { ...options, modeRefused: 0 });
}

/** The text of a secret in one line; its line end is no part of it. @throws StartError as `readSource` */
export function readSecretLine(
  source: string,
  options: SourceOptions & { readonly bytesMin: number; readonly bytesMax: number },
): Buffer {
  const bytes = withoutLineEnd(readSource(source, options));
  if (bytes.includes('\n'))
    throw new StartError(`${options.what} has more than one line; give a file of one.`);
  const { bytesMin, bytesMax } = options;
  if (bytes.length >= bytesMin && bytes.length <= bytesMax) return bytes;
  throw new StartError(
    `${options.what} has ${bytes.length} bytes instead of ${bytesMin} to ${bytesMax}; make one with: openssl rand -hex 32`,
  );
}

/** A secret as its holder wrote it, without the line end that an editor or `echo` leaves behind it. */
export function withoutLineEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  if (bytes[end - 1] === 0x0a) end -= 1;
  if (end < bytes.length && bytes[end - 1] === 0x0d) end -= 1;
  return bytes.subarray(0, end);
}

function readVariable(name: string, { what }: SourceOptions, env: NodeJS.ProcessEnv): Buffer {
  const value = env[name] ?? '';
  if (value !== '') return Buffer.from(value);
  throw new StartError(`${what} is to come from the environment, and its variable is not set; set it.`);
}

function readFile(path: string, { what, modeRefused }: SourceOptions): Buffer {
  let file: number;
  try {
    // A named pipe would be waited for.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new StartError(`${what} cannot be opened (${code}); check the path and its owner.`, { cause });
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new StartError(`${what} is no file; give the path of a file.`);
    if ((stat.mode & modeRefused) !== 0) {
      throw new StartError(
        `${what} may be read by others; make it private with: chmod ${fitMode(modeRefused)}`,
      );
    }
    if (stat.size > SOURCE_BYTES_MAX)
      throw new StartError(`${what} is longer than ${SOURCE_BYTES_MAX} bytes.`);
    return readWhole(file, what);
  } finally {
    closeSync(file);
  }
}

function readWhole(file: number, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new StartError(`${what} cannot be read (${code}); check the disk that it is on.`, { cause });
  }
}

function fitMode(modeRefused: number): string {
  return (modeRefused & 0o070) === 0 ? '640' : '600';
}
