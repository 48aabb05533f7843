import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOKENISER_VERSION } from '../text/features.ts';
import type { StoreLog } from './options.ts';

/** The table that comes with this release, from `dist/src/store` as from an installed tree. */
export const SHIPPED_STARTER = join(import.meta.dirname, '../../../packaging/starter/starter.bin');

/** Largest file that is read. */
export const STARTER_BYTES_MAX = 3 * 2 ** 20;
/** A token's spam share in whole units: 1 … 65,535; one half says nothing. */
export const SHARE_UNITS = 65_536;

/*
 * The file: a head of 48 bytes, then all hashes, then all shares; little-endian. The most telling tokens come first.
 *   "PVSTART\n" <8B> | format <2B> | tokeniser <2B> | tokens <4B> | SHA-256 of the rest <32B>
 *   h128 <16B> … | spam share <2B> …
 */
const MAGIC = Buffer.from('PVSTART\n', 'latin1');
const FORMAT = 1;
const FORMAT_AT = 8;
const TOKENISER_AT = 10;
const COUNT_AT = 12;
const DIGEST_AT = 16;
const HEAD_BYTES = 48;
const HASH_BYTES = 16;
const ROW_BYTES = HASH_BYTES + 2;

/** Statistics of public texts, by which a table is judged from that has learnt nothing yet. */
export interface Starter {
  /** Another table has another one: part of what a cached opinion rests on. */
  readonly id: string;
  /** Public hashes, 16 bytes a token. */
  readonly hashes: Buffer;
  /** In units of `SHARE_UNITS`, one a token. */
  readonly shares: Uint16Array;
}

/** `bayes.starter` of the configuration. */
export interface StarterOptions {
  /** '' = the one that is shipped. */
  readonly file: string;
  /** What log-odds are multiplied by, 0 … 1; 0 = no starter. */
  readonly strength: number;
}

export type StarterErrorCode = 'unreadable' | 'corrupt' | 'newer-format' | 'other-tokeniser';

/** A starter table that cannot be used; the daemon works without one. */
export class StarterError extends Error {
  override readonly name = 'StarterError';
  readonly code: StarterErrorCode;

  constructor(code: StarterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** @throws StarterError whose message says what to do. */
export function readStarter(path: string): Starter {
  return decodeStarter(bytesOf(path), path);
}

/** @param path what errors call it. @throws StarterError */
export function decodeStarter(file: Buffer, path = 'in memory'): Starter {
  const bad = (what: string) =>
    new StarterError('corrupt', `The starter table ${path} ${what}; install it anew.`);
  if (file.length < HEAD_BYTES || !file.subarray(0, MAGIC.length).equals(MAGIC))
    throw bad('is no starter table');
  if (file.readUInt16LE(FORMAT_AT) !== FORMAT)
    throw new StarterError(
      'newer-format',
      `The starter table ${path} has format ${file.readUInt16LE(FORMAT_AT)}, this release reads ${FORMAT}; use the one that came with it.`,
    );
  const tokeniser = file.readUInt16LE(TOKENISER_AT);
  if (tokeniser !== TOKENISER_VERSION)
    throw new StarterError(
      'other-tokeniser',
      `The starter table ${path} was built with tokeniser ${tokeniser}, this release has ${TOKENISER_VERSION}; build it anew with: npm run build:starter`,
    );
  const body = file.subarray(HEAD_BYTES);
  const digest = digestOf(body);
  const count = file.readUInt32LE(COUNT_AT);
  if (body.length !== count * ROW_BYTES || !digest.equals(file.subarray(DIGEST_AT, HEAD_BYTES)))
    throw bad('is damaged');
  const shares = new Uint16Array(count);
  for (let index = 0; index < count; index += 1)
    shares[index] = body.readUInt16LE(count * HASH_BYTES + 2 * index);
  return { id: digest.toString('hex', 0, 8), hashes: body.subarray(0, count * HASH_BYTES), shares };
}

/** The file of a table. @param hashes 16 bytes a token, the most telling first; @param shares one a token. */
export function encodeStarter(hashes: Buffer, shares: Uint16Array): Buffer {
  const body = Buffer.alloc(shares.length * ROW_BYTES);
  body.set(hashes);
  for (const [index, share] of shares.entries()) body.writeUInt16LE(share, hashes.length + 2 * index);
  const head = Buffer.alloc(HEAD_BYTES);
  head.set(MAGIC);
  head.writeUInt16LE(FORMAT, FORMAT_AT);
  head.writeUInt16LE(TOKENISER_VERSION, TOKENISER_AT);
  head.writeUInt32LE(shares.length, COUNT_AT);
  head.set(digestOf(body), DIGEST_AT);
  return Buffer.concat([head, body]);
}

/** As `loadStarter`, but one that cannot be used is logged, and done without. */
export function starterOrNone(options: StarterOptions, log: StoreLog): Starter | undefined {
  try {
    return loadStarter(options);
  } catch (error) {
    if (!(error instanceof StarterError)) throw error;
    const { code, message: reason } = error;
    log.warn({ code, reason }, 'no starter table: text counts once lessons are taught');
    return undefined;
  }
}

/** What the configuration asks for; undefined where it wants none. @throws StarterError */
export function loadStarter({ file, strength }: StarterOptions): Starter | undefined {
  if (strength === 0) return undefined;
  return weakened(readStarter(file === '' ? SHIPPED_STARTER : file), strength);
}

/** The same table with its log-odds multiplied by `strength`, above 0 up to 1. */
function weakened(starter: Starter, strength: number): Starter {
  if (strength === 1) return starter;
  const shares = starter.shares.map((share) => shareOf(strength * Math.log(share / (SHARE_UNITS - share))));
  return { ...starter, id: `${starter.id}*${strength}`, shares };
}

/** Log-odds of spam → spam share in units. */
export function shareOf(logOdds: number): number {
  const share = Math.round(SHARE_UNITS / (1 + Math.exp(-logOdds)));
  return Math.min(Math.max(share, 1), SHARE_UNITS - 1);
}

function bytesOf(path: string): Buffer {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new StarterError('unreadable', `The starter table ${path} cannot be read (${code}).`, { cause });
  }
  if (file.length <= STARTER_BYTES_MAX) return file;
  throw new StarterError('corrupt', `The starter table ${path} is larger than ${STARTER_BYTES_MAX} bytes.`);
}

function digestOf(body: Buffer): Buffer {
  return createHash('sha256').update(body).digest();
}
