import { createRandom } from '../random.ts';
import type { Message } from '../rows.ts';
import { shuffled } from './shuffle.ts';

/** What an ordinary user gets and does in thirty days. */
export const MONTH = {
  days: 30,
  contacts: 20,
  /** Messages of contacts a day. */
  contactMessages: 6,
  /** Strangers who are no spammers: the day of their first message. The user answers it, and adds them the day after. */
  talkDays: [4, 13, 22],
  /** Further messages of such a stranger on the first day. */
  talkMessages: 2,
  spamADay: 2,
  /** Days on which the user reports the next spam that was delivered. */
  reportDays: [2, 7, 12, 18, 24],
  /** Messages of either class that come after it. */
  afterwards: 20,
} as const;

/** What happens. `spam`, `talk` and `contact` are messages to the user. */
export type Event =
  | { readonly kind: 'spam' | 'contact'; readonly from: string; readonly text: string }
  | { readonly kind: 'talk'; readonly from: string; readonly text: string; readonly isFirst: boolean }
  | { readonly kind: 'rostered'; readonly from: string };

export interface Day {
  readonly number: number;
  readonly events: readonly Event[];
  /** From this day on the user wants to report so many spam in all. */
  readonly reportsWanted: number;
}

/** Messages of spam and of ham that a plan takes, each once. */
export interface Texts {
  readonly spam: readonly string[];
  readonly ham: readonly string[];
}

const SEED = 1;

/** Texts for a month, in a seeded order. @throws Error where there are too few */
export function textsOf(messages: readonly Message[]): Texts {
  const order = shuffled(messages, createRandom(SEED));
  const of = (label: Message['label']) => [
    ...new Set(order.filter((one) => one.label === label).map(({ text }) => text)),
  ];
  const texts = { spam: of('spam'), ham: of('ham') };
  const [spam, ham] = [
    MONTH.days * MONTH.spamADay + MONTH.afterwards,
    MONTH.days * MONTH.contactMessages + MONTH.talkDays.length * (1 + MONTH.talkMessages) + MONTH.afterwards,
  ];
  if (texts.spam.length < spam || texts.ham.length < ham)
    throw new Error(`a month needs ${spam} different messages of spam and ${ham} of ham`);
  return texts;
}

/** Thirty days, the same for the same texts. What is left over of the texts was never sent. */
export function planMonth({ spam, ham }: Texts): { readonly days: Day[]; readonly unsent: Texts } {
  const random = createRandom(SEED);
  const left = { spam: [...spam], ham: [...ham] };
  const days = Array.from({ length: MONTH.days }, (_, index): Day => {
    const number = index + 1;
    const contacts = Array.from({ length: MONTH.contactMessages }, (): Event => {
      const from = `contact${random.below(MONTH.contacts)}@montague.example/phone`;
      return { kind: 'contact', from, text: left.ham.shift()! };
    });
    const unwanted = Array.from({ length: MONTH.spamADay }, (_, at): Event => {
      return { kind: 'spam', from: `bot${number}x${at}@spam${number}.example/b`, text: left.spam.shift()! };
    });
    // A talk stays in one piece: its first message is answered before the next one comes.
    const groups = shuffled(
      [...[...contacts, ...unwanted].map((event) => [event]), talkOf(number, left.ham), addedOn(number)],
      random,
    );
    const reportsWanted = MONTH.reportDays.filter((day) => day <= number).length;
    return { number, events: groups.flat(), reportsWanted };
  });
  return { days, unsent: left };
}

function talkOf(day: number, ham: string[]): Event[] {
  if (!MONTH.talkDays.some((first) => first === day)) return [];
  const from = strangerOf(day);
  return Array.from({ length: 1 + MONTH.talkMessages }, (_, at) => ({
    kind: 'talk',
    from,
    text: ham.shift()!,
    isFirst: at === 0,
  }));
}

function addedOn(day: number): Event[] {
  return MONTH.talkDays.some((first) => first === day - 1)
    ? [{ kind: 'rostered', from: strangerOf(day - 1) }]
    : [];
}

function strangerOf(day: number): string {
  return `stranger${day}@verona.example/desk`;
}
