import type { LessonLabel } from '../../src/store/store.ts';
import { createRandom, createZipf } from '../random.ts';
import { type Attack, COLLUDERS, REPORTS_EACH, TARGET } from './attacks.ts';
import type { Community } from './community.ts';
import { CAMPAIGNS, type Texts } from './texts.ts';

export const ACCOUNTS = 10_000;
export const HONEST_LESSONS = 1_000;
const HONEST_DAYS = 30;
/** Part of the ham that has the phrase. */
const PHRASE_IN_HAM = 0.03;
const PROBES = 50;
/** Reports under way at the same time, none of which knows what the others bring. */
const AT_ONCE = 10;
/** Seeds of what is drawn beside the texts. */
const HONEST_SEED = 2;
const ATTACK_SEED = 3;

export const SUBJECTS = ['phrase', 'campaign', 'ham', 'spam'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** Messages by which the movement is measured, none of which is taught. */
export type Probes = Readonly<Record<Subject, readonly string[]>>;

/** Probabilities before and after, of all probes of a subject. */
export interface Movement {
  readonly before: number;
  readonly after: number;
  /** Of the one message that moved farthest. */
  readonly largest: number;
}

export function probesOf(texts: Texts): Probes {
  const many = (make: (index: number) => string) => Array.from({ length: PROBES }, (_, index) => make(index));
  return {
    phrase: [texts.phrase, texts.message, ...many(() => `${texts.ham()} ${texts.phrase}`)],
    campaign: many(() => texts.spam(TARGET)),
    ham: many(() => texts.ham()),
    spam: many((index) => texts.spam(index % CAMPAIGNS)),
  };
}

/**
 * Honest reports over a month, half of them spam: most users report once or twice, a few often; some campaigns reach many.
 * @param reporters accounts that the reports come from
 */
export async function teachHonestly(
  community: Community,
  texts: Texts,
  { lessons = HONEST_LESSONS, reporters = ACCOUNTS - COLLUDERS, from = 0 } = {},
): Promise<void> {
  const random = createRandom(HONEST_SEED + from);
  const account = createZipf(random, reporters, Math.min(20, reporters));
  const campaign = createZipf(random, CAMPAIGNS, 3);
  const report = (n: number) => {
    const label: LessonLabel = n % 2 === 0 ? 'spam' : 'ham';
    const phrase = random.chance(PHRASE_IN_HAM) ? ` ${texts.phrase}` : '';
    const text = label === 'spam' ? texts.spam(campaign()) : `${texts.ham()}${phrase}`;
    const day = Math.floor((n * HONEST_DAYS) / HONEST_LESSONS);
    return community.report({ account: account(), label, text, day });
  };
  await inTurn(lessons - from, (index) => report(from + index));
  await community.settle();
}

/** @param days over how many the colluders' reports are spread. */
export async function collude(
  community: Community,
  texts: Texts,
  { attack, days }: { readonly attack: Attack; readonly days: number },
): Promise<void> {
  const random = createRandom(ATTACK_SEED);
  for (let n = 0; n < REPORTS_EACH; n++) {
    const day = HONEST_DAYS + Math.floor((n * days) / REPORTS_EACH);
    const report = (i: number) =>
      community.report({ account: ACCOUNTS - COLLUDERS + i, ...attack(n, texts, random), day });
    await inTurn(COLLUDERS, report);
  }
  await community.settle();
}

/** How far the verdicts of a bystander move while `act` goes on. */
export async function movementOf(
  community: Community,
  probes: Probes,
  act: () => Promise<void>,
): Promise<Readonly<Record<Subject, Movement>>> {
  const read = (subject: Subject) => probes[subject].map((text) => community.judge(text).probability);
  const before = SUBJECTS.map(read);
  await act();
  const moves = SUBJECTS.map((subject, index): [Subject, Movement] => {
    const from = before[index]!;
    const to = read(subject);
    const largest = Math.max(...to.map((probability, i) => Math.abs(probability - from[i]!)));
    return [subject, { before: mean(from), after: mean(to), largest }];
  });
  return Object.fromEntries(moves) as Record<Subject, Movement>;
}

async function inTurn(count: number, act: (index: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => act(from + i)));
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
