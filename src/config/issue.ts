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
  const fault = issue.message.replace(/^Invalid input: /, '').replace(/^./, (first) => first.toLowerCase());
  return `${placeOf(path, sources)}: \`${path.join('.')}\` ${fault}.`;
}

/** Places in lists are left out: `listen.unix.0.mod` is near to `listen.unix.mode`. */
function suggestion(path: readonly string[]): string {
  const nearest = nearestKey(path.filter((name) => !/^\d+$/.test(name)).join('.'));
  return nearest === undefined ? '.' : `; did you mean \`${nearest}\`?`;
}
