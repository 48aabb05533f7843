import type { Leaning, PhraseBank } from './phrases.ts';
import { createRandom, createZipf, type Random } from './random.ts';
import { inventRareWord, phraseStop, SCRIPTS, type Script } from './words.ts';

/** What the bench's messages are like; `test/bench-generator.test.ts` holds the generator to it. */
export const TRAFFIC = {
  lengthMedian: 80,
  /** Standard deviation of the logarithm of the length: 1 of 20 messages is longer than 350 characters. */
  lengthSigma: 0.9,
  lengthMax: 2000,
  spamShare: 0.25,
  repeatedShare: 0.3,
  newSenderShare: 0.1,
  /** Senders known before: so many that no single one sends faster than people do. */
  knownSenders: 200_000,
  /** Features of a message that are in the server's and in the recipient's table; `seed.ts` sees to both. */
  serverTokenShare: 0.6,
  userTokenShare: 0.2,
} as const;

export interface Message {
  readonly text: string;
  readonly script: Script;
  readonly spam: boolean;
  /** The same text was sent before. */
  readonly repeated: boolean;
  /** Rank of the receiving user, 0 = who gets most. */
  readonly recipient: number;
  /** Number of the sender; from `TRAFFIC.knownSenders` on: never seen before. */
  readonly sender: number;
}

export interface Messages {
  /** The next message of the mix. */
  next(): Message;
  /** The next message with a text that nobody sent before. */
  fresh(): Message;
  /** The next message with one of the last texts. */
  repeated(): Message;
}

/** An endless stream of invented messages to `users` local users; nothing of it is anybody's text. */
export function createMessages(bank: PhraseBank, seed: number, users: number): Messages {
  const random = createRandom(seed);
  const drawUser = createZipf(random, users);
  const sent = { spam: new Ring<Text>(), ham: new Ring<Text>() };
  let senders = TRAFFIC.knownSenders;
  const make = (repeat: boolean): Message => {
    const spam = random.chance(TRAFFIC.spamShare);
    const recipient = drawUser();
    const ring = spam ? sent.spam : sent.ham;
    const sender = random.chance(TRAFFIC.newSenderShare) ? senders++ : random.below(TRAFFIC.knownSenders);
    if (repeat && ring.size > 0) return { ...ring.pick(random), spam, repeated: true, recipient, sender };
    const text = compose(bank, random, { spam, recipient });
    ring.push(text);
    return { ...text, spam, repeated: false, recipient, sender };
  };
  return {
    next: () => make(random.chance(TRAFFIC.repeatedShare)),
    fresh: () => make(false),
    repeated: () => make(true),
  };
}

interface Text {
  readonly text: string;
  readonly script: Script;
}

/** The last texts of one class, to be repeated. */
class Ring<T> {
  readonly #items: T[] = [];
  #pushed = 0;

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    this.#items[this.#pushed++ % RING_MAX] = item;
  }

  pick(random: Random): T {
    return random.pick(this.#items);
  }
}

const RING_MAX = 256;

function compose(
  bank: PhraseBank,
  random: Random,
  { spam, recipient }: Pick<Message, 'spam' | 'recipient'>,
): Text {
  const script = random.pick(SCRIPTS);
  const length = drawLength(random);
  const link =
    spam && random.chance(LINK_SHARE) ? `https://${inventRareWord(random, 'latin')}.example/ ` : '';
  let text = link.length < length ? link : '';
  while (text.length < length) {
    if (random.chance(RARE_SHARE)) {
      text += inventRareWord(random, script);
    } else {
      const leaning: Leaning = random.chance(0.6) ? (spam ? 'spam' : 'ham') : 'both';
      const own = random.chance(OWN_SHARE);
      text += random.pick(own ? bank.own(recipient, script, leaning) : bank.phrases(script, leaning));
    }
    text += phraseStop(random, script);
  }
  return { text: text.slice(0, length), script };
}

/** Log-normal; drawn again beyond the limit, so that no length is commoner than its share. */
function drawLength(random: Random): number {
  for (;;) {
    const length = Math.round(TRAFFIC.lengthMedian * Math.exp(TRAFFIC.lengthSigma * random.normal()));
    if (length >= 1 && length <= TRAFFIC.lengthMax) return length;
  }
}

/** Of spam that begins with a link. */
const LINK_SHARE = 0.25;
/** Of phrases that are one word never heard before. */
const RARE_SHARE = 0.12;
/** Of phrases that the recipient's own table knows. */
const OWN_SHARE = 0.45;
