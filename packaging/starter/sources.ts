/** A corpus that the starter table is built from: a file of the training folder. Licences: `ATTRIBUTION.md`. */
export interface Source {
  /** File name without `.tsv`. */
  readonly name: string;
  /** What a message of each class counts: ham is found where it is easy to find, not where it is like chat. */
  readonly spamWeight: number;
  readonly hamWeight: number;
}

/**
 * Left out: `taiga-ham-ru`, whose licence is share-alike. Telegram is nearest to what XMPP servers see. Ham of the comments
 * and short messages is raised to balance their own spam, so that what they are about is no evidence.
 */
export const SOURCES: readonly Source[] = [
  { name: 'irc-ham-en', spamWeight: 1, hamWeight: 0.25 },
  { name: 'sms-en', spamWeight: 0.5, hamWeight: 3 },
  { name: 'sms-th', spamWeight: 1, hamWeight: 1 },
  { name: 'tatoeba-ham-en', spamWeight: 1, hamWeight: 1 },
  { name: 'tatoeba-ham-multi', spamWeight: 1, hamWeight: 1 },
  { name: 'telegram-cas-multi', spamWeight: 1, hamWeight: 1 },
  { name: 'telegram-ru', spamWeight: 1, hamWeight: 1 },
  { name: 'youtube-en', spamWeight: 0.5, hamWeight: 8 },
];
