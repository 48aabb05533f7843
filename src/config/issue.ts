import type { z } from 'zod';
import { nearestKey } from './key-path.ts';
import { placeOf, type Sources } from './origin.ts';

/** The first fault that the schema found, as one sentence: where, which key, what is wrong. */
export function sentenceOfIssue(issue: z.core.$ZodIssue | undefined, sources: Sources): string {
  if (issue === undefined) return `${sources.name}: cannot be used.`;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const whole = [...path, issue.keys[0] ?? ''];
    const key = whole.join('.');
    return `${placeOf(whole, sources)}: unknown key \`${key}\`${suggestion(whole)} All keys: \`providence config show\`.`;
  }
  return `${placeOf(path, sources)}: \`${path.join('.')}\` ${faultOf(issue)}.`;
}

/** What TOML's authors call the types of zod. */
const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a table',
  string: 'text in quotes',
};

function faultOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') {
    const type = TYPES[issue.expected] ?? issue.expected;
    return issue.message.endsWith(' undefined') ? `is missing; it is ${type}` : `must be ${type}`;
  }
  if (issue.code === 'invalid_value')
    return `must be one of ${issue.values.map((value) => `"${String(value)}"`).join(', ')}`;
  if (issue.code === 'too_small') return `must ${boundOf(issue.origin, 'at least', issue.minimum)}`;
  if (issue.code === 'too_big') return `must ${boundOf(issue.origin, 'at most', issue.maximum)}`;
  return issue.message;
}

function boundOf(origin: string, limit: string, bound: number | bigint): string {
  if (origin === 'string') return bound === 1 ? 'not be empty' : `have ${limit} ${bound} characters`;
  return origin === 'array' ? `have ${limit} ${bound} entries` : `be ${limit} ${bound}`;
}

/** Places in lists are left out: `listen.unix.0.mod` is near to `listen.unix.mode`. */
function suggestion(path: readonly string[]): string {
  const nearest = nearestKey(path.filter((name) => !/^\d+$/.test(name)).join('.'));
  return nearest === undefined ? '.' : `; did you mean \`${nearest}\`?`;
}
