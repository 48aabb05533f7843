import type { Random } from './random.ts';

export const SCRIPTS = ['latin', 'cyrillic', 'arabic', 'han', 'thai', 'devanagari'] as const;
export type Script = (typeof SCRIPTS)[number];

/** How words of a script are put together; the words themselves are invented. */
interface Alphabet {
  readonly onsets: readonly string[];
  readonly vowels: readonly string[];
  readonly codas: readonly string[];
  readonly syllablesMax: number;
  /** Between words: nothing, where the script writes none. */
  readonly space: '' | ' ';
  /** Between phrases. */
  readonly stops: readonly string[];
}

const ALPHABETS: Readonly<Record<Script, Alphabet>> = {
  latin: {
    onsets: 'b c d f g h j k l m n p r s t v z br cl dr fl gr pl st tr sh'.split(' '),
    vowels: 'a e i o u ai ea ou'.split(' '),
    codas: ['', '', '', 'n', 'r', 's', 'l', 'm', 't', 'nd'],
    syllablesMax: 3,
    space: ' ',
    stops: [' ', ' ', ' ', ', ', '. ', '! ', '? '],
  },
  cyrillic: {
    onsets: [...'бвгджзклмнпрстфхцчш', 'ст', 'пр', 'кр'],
    vowels: [...'аеиоуыяю'],
    codas: ['', '', '', 'н', 'р', 'с', 'л', 'м', 'ть', 'й'],
    syllablesMax: 3,
    space: ' ',
    stops: [' ', ' ', ' ', ', ', '. ', '! ', '? '],
  },
  arabic: {
    onsets: [...'بتثجحخدذرزسشصضطعغفقكلمنه'],
    vowels: ['', '', 'ا', 'و', 'ي'],
    codas: ['', '', '', 'ة', 'ن', 'ت'],
    syllablesMax: 4,
    space: ' ',
    stops: [' ', ' ', ' ', '، ', '. ', '؟ '],
  },
  han: {
    onsets: Array.from({ length: 3000 }, (_, i) => String.fromCharCode(0x4e00 + i)),
    vowels: [''],
    codas: [''],
    syllablesMax: 2,
    space: '',
    stops: ['', '', '，', '。', '！'],
  },
  thai: {
    onsets: [...'กขคงจชซดตถทนบปผพฟมยรลวสหอ'],
    vowels: ['า', 'ี', 'ู', 'ะ', 'ิ', 'ุ', 'ื'],
    codas: ['', '', 'น', 'ม', 'ง', 'ก', 'ด'],
    syllablesMax: 3,
    space: '',
    stops: ['', '', ' ', ' '],
  },
  devanagari: {
    onsets: [...'कखगघचछजझटठडणतथदधनपफबभमयरलवशषसह'],
    vowels: ['', 'ा', 'ि', 'ी', 'ु', 'ू', 'े', 'ो'],
    codas: ['', '', '', 'ं', 'न', 'र'],
    syllablesMax: 3,
    space: ' ',
    stops: [' ', ' ', ' ', ', ', '। ', '! '],
  },
};

/** A word that may well come up again: of one to `syllablesMax` syllables. */
export function inventWord(random: Random, script: Script): string {
  return syllables(random, script, 1 + random.below(ALPHABETS[script].syllablesMax));
}

/** A word so long that no other message has it. */
export function inventRareWord(random: Random, script: Script): string {
  return syllables(random, script, ALPHABETS[script].syllablesMax + 2);
}

/** Words as the script writes them side by side. */
export function joinWords(script: Script, words: readonly string[]): string {
  return words.join(ALPHABETS[script].space);
}

/** What stands between two phrases: mostly the script's space, now and then a stop. */
export function phraseStop(random: Random, script: Script): string {
  return random.pick(ALPHABETS[script].stops);
}

function syllables(random: Random, script: Script, count: number): string {
  const { onsets, vowels, codas } = ALPHABETS[script];
  let word = '';
  for (let i = 0; i < count; i++) word += random.pick(onsets) + random.pick(vowels) + random.pick(codas);
  return word;
}
