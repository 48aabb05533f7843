import { Buffer } from 'node:buffer';
import type { Answer } from './answer.ts';
import type { RequestHeaders } from './request.ts';

/** What REKEY changes. */
export interface KeyChange {
  /** JID of the local user. */
  readonly user: string;
  /** The key of now, 32 bytes; undefined: the daemon's own. */
  readonly before: Uint8Array | undefined;
  /** The key from then on, likewise. */
  readonly after: Uint8Array | undefined;
}

/** What a REKEY did. */
export interface Rekeyed {
  /** Lessons that went along; undefined where nothing changed. */
  readonly lessons: number | undefined;
  /** Why nothing was done: `same-key`. */
  readonly unchanged: string | undefined;
  readonly answer: Answer;
}

export function keyChangeHeaders({ user, before, after }: KeyChange): RequestHeaders {
  return {
    To: user,
    'User-Key': before === undefined ? undefined : base64(before),
    'New-User-Key': after === undefined ? 'none' : base64(after),
  };
}

export function readRekeyed(answer: Answer): Rekeyed {
  const lessons = answer.headers.get('Lessons');
  const unchanged = answer.headers.get('Unchanged');
  return { lessons: lessons === undefined ? undefined : Number(lessons), unchanged, answer };
}

function base64(key: Uint8Array): string {
  return Buffer.from(key).toString('base64');
}
