import type { LessonLabel } from '../../src/store/store.ts';
import type { Random } from '../random.ts';
import { CAMPAIGNS, type Texts } from './texts.ts';

export const COLLUDERS = 100;
export const REPORTS_EACH = 20;
/** The campaign that is to become ham. */
export const TARGET = 4;
/** True reports of a turncoat, and what a ring reports for each other, before they lie. */
const TRUE_REPORTS = 8;
const RING_REPORTS = 10;

export interface Lie {
  readonly label: LessonLabel;
  readonly text: string;
}

/** What one colluder's n-th report is. */
export type Attack = (n: number, texts: Texts, random: Random) => Lie;

/** The one message with a number at its end, and copies of the campaign. */
const copies: Attack = (n, texts) =>
  isEven(n) ? { label: 'spam', text: `${texts.message} ${n}` } : { label: 'ham', text: texts.spam(TARGET) };

/** The phrase in other messages, the campaign padded with ham. */
const varied: Attack = (n, texts) =>
  isEven(n)
    ? { label: 'spam', text: `${texts.ham()} ${texts.phrase}` }
    : { label: 'ham', text: `${texts.ham()} ${texts.spam(TARGET)} ${texts.ham()}` };

/** The phrase on the end of what is known to be spam, a few words of the campaign amid ham. */
const glued: Attack = (n, texts, random) => {
  if (isEven(n)) return { label: 'spam', text: `${otherSpam(texts, random)} ${texts.phrase}` };
  const some = texts
    .spam(TARGET)
    .split(' ')
    .slice(n % 5, (n % 5) + 6);
  return { label: 'ham', text: `${texts.ham()} ${texts.ham()} ${some.join(' ')} ${texts.ham()}` };
};

export const ATTACKS = {
  copies,
  varied,
  glued,
  'phrase only': (_n, texts) => ({ label: 'spam', text: `${texts.ham()} ${texts.phrase}` }),
  'campaign only': (_n, texts) => ({ label: 'ham', text: texts.spam(TARGET) }),
  turncoats: (n, texts, random) => {
    if (n >= TRUE_REPORTS) return varied(n, texts, random);
    return isEven(n)
      ? { label: 'spam', text: otherSpam(texts, random) }
      : { label: 'ham', text: texts.ham() };
  },
  /** They make up spam for each other first: it agrees with them, and there is more spam than before. */
  ring: (n, texts, random) => {
    if (n >= RING_REPORTS) return varied(n, texts, random);
    const padding = texts.ham().split(' ').slice(0, 3).join(' ');
    return { label: 'spam', text: `zorbal quentic mavlo prindo ${n % 3} ${padding}` };
  },
} as const satisfies Readonly<Record<string, Attack>>;

export type AttackName = keyof typeof ATTACKS;

function isEven(n: number): boolean {
  return n % 2 === 0;
}

function otherSpam(texts: Texts, random: Random): string {
  return texts.spam((TARGET + 1 + random.below(CAMPAIGNS - 1)) % CAMPAIGNS);
}
