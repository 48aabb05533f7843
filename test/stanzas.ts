import { readFileSync } from 'node:fs';

const SPIM = 'test/fixtures/spim';

export interface Fixture {
  readonly file: string;
  readonly label: 'spam' | 'ham';
  readonly topic: string;
  readonly lang: string;
  readonly kind: 'message' | 'subscription' | 'invitation-mediated' | 'invitation-direct';
  readonly stanza: string;
}

/** The project's own stanzas, written before any score was looked at. Tests run from the project's root. */
export function spimFixtures(): readonly Fixture[] {
  const manifest: Omit<Fixture, 'stanza'>[] = JSON.parse(readFileSync(`${SPIM}/manifest.json`, 'utf8'));
  return manifest.map((entry) => ({
    ...entry,
    stanza: readFileSync(`${SPIM}/${entry.file}`, 'utf8').trim(),
  }));
}

/** A chat message with a body. */
export function chat(body: string, from = 'stranger@one.example/phone'): string {
  const escaped = body.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `<message xmlns='jabber:client' from='${from}' type='chat'><body>${escaped}</body></message>`;
}

const SPAM_WORDS =
  'winner casino bonus claim jackpot prize deposit instantly exclusive millions investment guaranteed'.split(
    ' ',
  );
const HAM_WORDS =
  'meeting garden tomorrow library bicycle dinner weather lecture neighbour recipe station holiday'.split(
    ' ',
  );

/** The n-th made-up text of a class: six of its twelve words and a word of its own, so that no two are equal. */
export function madeUp(label: 'spam' | 'ham', number: number): string {
  const words = label === 'spam' ? SPAM_WORDS : HAM_WORDS;
  const picked = [0, 1, 2, 3, 4, 5].map(
    (step) => words[(number * 5 + step * (1 + (number % 3)) + Math.floor(number / 12)) % 12],
  );
  return `${picked.join(' ')} nr${number.toString(36)}x`;
}
