import type { Random } from '../random.ts';

/** What a trick may draw on. */
export interface Means {
  readonly random: Random;
  /** Texts of ham that the filter has learnt, each with a word: the best padding there is. */
  readonly ham: readonly string[];
}

export function hasWord(text: string): boolean {
  return text.search(WORDS) >= 0;
}

/** Writes a text in another way that people still read; as it was where there is nothing to change. */
export type Trick = (text: string, means: Means) => string;
/** What each letter may be exchanged for. */
type Twins = ReadonlyMap<string, readonly string[]>;

/** Share of the letters with a twin that are exchanged for it. */
const LETTERS_SHARE = 1 / 3;
/** Share of the words that get an invisible character. */
const INVISIBLE_SHARE = 1 / 2;
/** Share of the words that get signs or spaces between their letters, or other forms of all of them. */
const WORDS_SHARE = 1 / 3;
/** Letters from which on a word is worth it. */
const WORD_LETTERS_MIN = 3;

const LEET = twins('a4@ b8 e3 g96 i1! l1| o0 s5$ t7+ z2 A4@ B8 E3 G6 I1! L1| O0 S5$ T7+ Z2');
/** After "confusables" of UTS #39: Cyrillic and Greek letters that look like Latin ones, and Latin like Cyrillic ones. */
const LOOKALIKES = twins(
  'aаα cс dԁ eе hһ iіι jј oоο pрρ qԛ sѕ uυ vν wԝ xх yу AАΑ BВΒ CС EЕΕ HНΗ IІΙ JЈ KКΚ MМΜ NΝ OОΟ PРΡ SЅ TТΤ XХΧ YҮΥ ZΖ ' +
    'аa сc еe іi оo рp ѕs хx уy АA ВB СC ЕE НH ІI КK МM ОO РP ТT ХX',
);
const FULL_WIDTH = shifted([0x41, 0x5a, 0xff21], [0x61, 0x7a, 0xff41]);
const BOLD = shifted([0x41, 0x5a, 0x1d400], [0x61, 0x7a, 0x1d41a]);
const SANS_ITALIC = shifted([0x41, 0x5a, 0x1d608], [0x61, 0x7a, 0x1d622]);
const INVISIBLES = ['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad'];
const SIGNS = ['.', '-', '_', '*', '·', ','];

const DENSE = '\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}';
/** Letters in a row; where a script writes no spaces, up to four of them. */
const WORDS = new RegExp(`(?:(?=\\p{L})[${DENSE}]\\p{M}*){1,4}|(?:(?![${DENSE}])[\\p{L}\\p{M}])+`, 'gu');
const LETTERS = /\p{L}\p{M}*/gu;
/** Links and addresses: changed they would lead nowhere. */
const LINKS = /([!-~]*(?:[/@]|\w\.\w)[!-~]*)/u;

/** Tricks that change words. */
export const DISGUISES = { leet, homoglyphs, invisibles, signs, spaces } satisfies Record<string, Trick>;

export const PLACES = ['start', 'end', 'both'] as const;
/** Words of padding for each of the text's own. */
export const MEASURES = [0.5, 1, 2] as const;

function leet(text: string, { random }: Means): string {
  return eachPart(text, (part) => exchanged(part, LEET, LETTERS_SHARE, random));
}

/** Letters of another script among those of a word, or some words wholly in full-width or in mathematical letters. */
function homoglyphs(text: string, { random }: Means): string {
  if (random.chance(0.5)) return eachPart(text, (part) => exchanged(part, LOOKALIKES, LETTERS_SHARE, random));
  const letters = random.pick([FULL_WIDTH, BOLD, SANS_ITALIC]);
  return eachWord(text, WORDS_SHARE, random, (word) => exchanged(word, letters, 1, random));
}

function invisibles(text: string, { random }: Means): string {
  return eachWord(text, INVISIBLE_SHARE, random, (word) => {
    const letters = lettersOf(word);
    letters.splice(1 + random.below(letters.length - 1), 0, random.pick(INVISIBLES));
    return letters.join('');
  });
}

/** `v.i.a.g.r.a`, and as often `via.gra`. */
function signs(text: string, { random }: Means): string {
  return eachWord(text, WORDS_SHARE, random, (word) => parted(word, random.pick(SIGNS), random));
}

/** `v i a g r a`, and as often `cas ino`. */
function spaces(text: string, { random }: Means): string {
  return eachWord(text, WORDS_SHARE, random, (word) => parted(word, ' ', random));
}

/** Running words of ham before a text, behind it, or half of them on either side. */
export function padding(place: (typeof PLACES)[number], measure: number): Trick {
  return (text, means) => {
    const words = Math.ceil(measure * (text.match(WORDS)?.length ?? 0));
    const before = { start: words, end: 0, both: Math.ceil(words / 2) }[place];
    const parts = [hamOf(before, means), text, hamOf(words - before, means)];
    return parts.filter((part) => part !== '').join(' ');
  };
}

function hamOf(words: number, { random, ham }: Means): string {
  const parts: string[] = [];
  for (let missing = words; missing > 0; ) {
    const text = random.pick(ham);
    const found = [...text.matchAll(WORDS)];
    const last = found[missing - 1];
    parts.push(last === undefined ? text : text.slice(0, last.index + last[0].length));
    missing -= found.length;
  }
  return parts.join(' ');
}

function parted(word: string, sign: string, random: Random): string {
  const letters = lettersOf(word);
  if (random.chance(0.5)) return letters.join(sign);
  const at = 1 + random.below(letters.length - 1);
  return `${letters.slice(0, at).join('')}${sign}${letters.slice(at).join('')}`;
}

function exchanged(text: string, letters: Twins, share: number, random: Random): string {
  const others = [...text].map((letter) => {
    const choices = letters.get(letter);
    return choices !== undefined && random.chance(share) ? random.pick(choices) : letter;
  });
  return others.join('');
}

/** Changes a share of the words that are long enough. */
function eachWord(text: string, share: number, random: Random, change: (word: string) => string): string {
  const isChosen = (word: string) => lettersOf(word).length >= WORD_LETTERS_MIN && random.chance(share);
  return eachPart(text, (part) => part.replace(WORDS, (word) => (isChosen(word) ? change(word) : word)));
}

/** Changes what stands between links. */
function eachPart(text: string, change: (part: string) => string): string {
  const parts = text.split(LINKS);
  return parts.map((part, index) => (index % 2 === 0 ? change(part) : part)).join('');
}

/** With the marks that belong to them. */
function lettersOf(word: string): string[] {
  return word.match(LETTERS) ?? [];
}

/** @param written groups of a letter and its twins */
function twins(written: string): Twins {
  return new Map(written.split(' ').map(([letter = '', ...others]) => [letter, others]));
}

/** @param ranges first and last letter, and the twin of the first */
function shifted(...ranges: readonly (readonly [number, number, number])[]): Twins {
  const pairs = ranges.flatMap(([first, last, twin]) =>
    Array.from({ length: last - first + 1 }, (_, at) => {
      return [String.fromCodePoint(first + at), [String.fromCodePoint(twin + at)]] as const;
    }),
  );
  return new Map(pairs);
}
