import { createRandom, type Random } from './random.ts';

/**
 * A copy of a spam stanza as the next one of the same campaign: another sender, other names of contacts, numbers and links, and
 * some of other emoji, letters that look alike, case, and words in another order. The same seed makes the same copy.
 */
export function mutated(stanza: string, seed: number): string {
  const random = createRandom(seed);
  const text = (written: string) => escaped(mutatedText(unescaped(written), random));
  return stanza
    .replace(/ from='[^']*'/, ` from='${name(random)}@${host(random)}/${random.below(1e6)}'`)
    .replace(/ id='[^']*'/g, ` id='m${seed}'`)
    .replace(/(<(?!thread)[^>]*>)([^<]+)/g, (_, tag: string, inner: string) => tag + text(inner))
    .replace(/ href='[^']*'/g, () => ` href='http://${host(random)}/'`)
    .replace(/ reason='([^']*)'/g, (_, inner: string) => ` reason='${text(inner)}'`);
}

const LOOKALIKES: Readonly<Record<string, string>> = {
  ...{ a: 'а', c: 'с', e: 'е', o: 'о', p: 'р', x: 'х', i: 'і', A: 'А', B: 'В', E: 'Е', O: 'О', T: 'Т' },
  ...{ а: 'a', с: 'c', е: 'e', о: 'o', р: 'p', х: 'x', А: 'A', В: 'B', Е: 'E', О: 'O', Т: 'T' },
};
const EMOJI = ['🔥', '💰', '🚀', '❤️', '✅', '👉', '🎁', '⭐', '📈', '💋', '⚡', '🎉'];
/** Of the words, how many are changed in each way at most. */
const WORDS_CHANGED = 0.15;
const SYLLABLES = 'ba do ka li mo ne ra su ti vo za ri le no'.split(' ');

/** The same with a text alone. */
export function mutatedText(text: string, random: Random): string {
  let copy = text
    .replace(/https?:\/\/[^\s]+|\b[\w-]+(?:\.[\w-]+)*\.(?:example|test|invalid|onion)\S*/g, (link) =>
      otherLink(link, random),
    )
    .replace(/@\w+/g, () => `@${name(random)}`)
    .replace(/\d/g, (digit) => (digit === '0' ? digit : String(1 + random.below(9))));
  const ways = [emoji, lookalikes, otherCase, otherOrder];
  const first = random.below(ways.length);
  for (const way of [ways[first]!, ways[(first + 1 + random.below(3)) % 4]!]) copy = way(copy, random);
  return copy;
}

function emoji(text: string, random: Random): string {
  const swapped = text.replace(/\p{Extended_Pictographic}\ufe0f?/gu, () => random.pick(EMOJI));
  return random.chance(0.5) ? `${random.pick(EMOJI)} ${swapped}` : `${swapped} ${random.pick(EMOJI)}`;
}

function lookalikes(text: string, random: Random): string {
  return eachWord(text, (word) => {
    const at = [...word].findIndex((letter) => LOOKALIKES[letter] !== undefined);
    if (at < 0 || !random.chance(WORDS_CHANGED)) return word;
    return [...word].map((letter, i) => (i === at ? LOOKALIKES[letter] : letter)).join('');
  });
}

function otherCase(text: string, random: Random): string {
  return eachWord(text, (word) => {
    if (!random.chance(2 * WORDS_CHANGED)) return word;
    return word === word.toUpperCase() ? word.toLowerCase() : word.toUpperCase();
  });
}

/** Neighbours change places, and now and then one goes. */
function otherOrder(text: string, random: Random): string {
  const words = text.split(' ');
  for (let at = 0; at + 1 < words.length; at += 1) {
    if (!random.chance(WORDS_CHANGED)) continue;
    [words[at], words[at + 1]] = [words[at + 1]!, words[at]!];
    at += 1;
  }
  if (words.length > 8) words.splice(random.below(words.length), 1);
  return words.join(' ');
}

function eachWord(text: string, change: (word: string) => string): string {
  return text.replace(/[\p{L}]{3,}/gu, change);
}

function otherLink(link: string, random: Random): string {
  const scheme = /^https?:\/\//.exec(link)?.[0] ?? '';
  const path = link.slice(scheme.length).includes('/') ? `/${random.below(1e6).toString(36)}` : '';
  return `${scheme}${host(random)}${path}`;
}

function host(random: Random): string {
  return `${name(random)}.example`;
}

function name(random: Random): string {
  return [0, 1, 2, 3].map(() => random.pick(SYLLABLES)).join('');
}

const ENTITIES: readonly (readonly [string, string])[] = [
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
  ['&', '&amp;'],
];

function unescaped(text: string): string {
  return ENTITIES.reduce((all, [plain, entity]) => all.replaceAll(entity, plain), text);
}

function escaped(text: string): string {
  return ENTITIES.toReversed().reduce((all, [plain, entity]) => all.replaceAll(plain, entity), text);
}
