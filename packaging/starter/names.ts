import { listFeatures } from '../../src/text/extract.ts';
import type { Message } from './messages.ts';

/** Where a text names somebody, or where its publisher put something in a name's place. */
const NAMED = [
  /** `nick: hello`, as one speaks to somebody in a room. */
  /^\s*([^\s:,<>]{2,32})[:,]/gu,
  /** `@handle`. */
  /@([\p{L}\p{N}_]{2,32})/gu,
  /** `<NAME>`, `[TEST]`. */
  /[<[]([\p{L}\p{N}_ -]{1,32})[>\]]/gu,
];
const WORD = 'word: ';

/**
 * Words that stand for a name or a placeholder somewhere, and that no other source has: they would tell the source, or who
 * wrote it.
 */
export function namesOfOneSource(messages: readonly Message[]): ReadonlySet<string> {
  const named = new Set<string>();
  /** The source of each word, undefined where it has several. */
  const sources = new Map<string, string | undefined>();
  for (const { text, features, source } of messages) {
    for (const name of namesIn(text)) for (const word of wordsOf(listFeatures(name))) named.add(word);
    for (const word of wordsOf(features)) {
      if (!sources.has(word)) sources.set(word, source.name);
      else if (sources.get(word) !== source.name) sources.set(word, undefined);
    }
  }
  return new Set([...named].filter((word) => sources.get(word) !== undefined));
}

/** Whether a feature is one of these words, as it is or with a `'s`, or a pair with one. */
export function hasName(feature: string, names: ReadonlySet<string>): boolean {
  const [kind = '', ...words] = feature.split(' ');
  return (
    (kind === 'word:' || kind === 'pair:') &&
    words.some((word) => names.has(word) || names.has(word.replace(/'.*/, '')))
  );
}

function namesIn(text: string): string[] {
  return NAMED.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name]) => name as string));
}

function wordsOf(features: readonly string[]): string[] {
  return features.filter((feature) => feature.startsWith(WORD)).map((feature) => feature.slice(WORD.length));
}
