import { LRU } from '../lru.ts';
import type { SampleText } from '../model/sample.ts';
import { idWord } from '../store/id-words.ts';
import type { KeyedIds } from '../store/store.ts';
import { extractFeatures } from '../text/extract.ts';
import type { Features } from '../text/features.ts';
import { type Fingerprint, NO_FINGERPRINT, unitsOf } from '../text/fingerprint.ts';

/** What stays of a text's features beside keyed ids. */
export type KnownFeatures = Pick<Features, 'count' | 'heads' | 'fingerprint'>;

/** What is known of a sample's texts without any table: their fingerprint, features and server token ids. */
export interface KnownTexts {
  /** Keyed fingerprint; '' without text. */
  readonly id: string;
  /** One entry a text. */
  readonly features: readonly KnownFeatures[];
  /** Server token ids, stride 16, one entry a text. */
  readonly sids: readonly Buffer[];
  /** Slots of stretches of letters for `linear.server`, one entry a text. */
  readonly slots: readonly Uint32Array[];
  /** Of the text with the most letters. */
  readonly fingerprint: Fingerprint;
  /** The same texts were seen before: worth remembering what was said of them. */
  readonly isSeenAgain: boolean;
}

export const NO_TEXT: KnownTexts = {
  id: '',
  features: [],
  sids: [],
  slots: [],
  fingerprint: NO_FINGERPRINT,
  isSeenAgain: false,
};
/** Objects, keys and buffers of an entry and of each of its texts, by heap snapshot. */
const ENTRY_BYTES = 500;
/** Parts texts in the fingerprint; XML 1.0 forbids it in a stanza. */
const SEPARATOR = '\u0001';

/** Slots in which texts seen once are remembered, 4 bytes each. */
const SEEN_SLOTS = 2 ** 17;

/**
 * Text → features, by keyed id of the texts, so that no text stays in memory. Most texts come once, and what is kept for
 * them would only wear out the garbage collector; so a text is kept from its second sight on. The first leaves 32 bits in
 * a table that forgets by being overwritten (the doorkeeper of TinyLFU: Einziger, Friedman & Manes 2017).
 */
export class TextCache {
  readonly #cache: LRU<string, KnownTexts>;
  readonly #ids: KeyedIds;
  readonly #seen = new Uint32Array(SEEN_SLOTS);

  /** @param seenIds fingerprints of texts of which something is remembered on disk. */
  constructor(ids: KeyedIds, bytesMax: number, seenIds: readonly string[] = []) {
    this.#ids = ids;
    this.#cache = new LRU(bytesMax, weightOf);
    for (const id of seenIds) this.#markSeen(id);
  }

  of(texts: readonly SampleText[]): KnownTexts {
    if (texts.length === 0) return NO_TEXT;
    const id = this.#ids.text(joined(texts));
    const known = this.#cache.get(id);
    if (known !== undefined) return known;
    const isSeenAgain = this.#markSeen(id);
    const features: KnownFeatures[] = [];
    const sids: Buffer[] = [];
    const slots: Uint32Array[] = [];
    for (const { text } of texts) {
      const { hashes, count, heads, scripts, grams, fingerprint } = extractFeatures(text);
      // At once: all else is scratch space of the next text.
      sids.push(this.#ids.serverTokens(hashes, scripts));
      slots.push(this.#ids.slots(grams));
      features.push({ count, heads, fingerprint });
    }
    const fresh = { id, features, sids, slots, fingerprint: longestOf(features), isSeenAgain };
    if (isSeenAgain) this.#cache.set(id, { ...fresh, slots: slots.map((each) => each.slice()) });
    return fresh;
  }

  /** Whether it was marked before. */
  #markSeen(id: string): boolean {
    const slot = idWord(id, 0) % SEEN_SLOTS;
    const mark = idWord(id, 1);
    const isSeenAgain = this.#seen[slot] === mark;
    this.#seen[slot] = mark;
    return isSeenAgain;
  }
}

function longestOf(features: readonly KnownFeatures[]): Fingerprint {
  let longest = NO_FINGERPRINT;
  for (const { fingerprint } of features) if (unitsOf(fingerprint) >= unitsOf(longest)) longest = fingerprint;
  return longest;
}

/** Bytes held by an entry: 16 a feature, four a stretch of letters, and what objects cost, fingerprints among them. */
function weightOf({ features, slots }: KnownTexts): number {
  let bytes = ENTRY_BYTES;
  for (const { count } of features) bytes += ENTRY_BYTES + 16 * count;
  for (const { length } of slots) bytes += 4 * length;
  return bytes;
}

function joined(texts: readonly SampleText[]): string {
  if (texts.length === 1) return (texts[0] as SampleText).text;
  return texts.map((text) => text.text).join(SEPARATOR);
}
