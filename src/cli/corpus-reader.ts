import { RequestError } from '../errors.ts';
import { bareJID } from '../model/jid.ts';
import type { Sample } from '../model/sample.ts';
import { sampleOf, sampleOfStanza } from '../model/stanza.ts';
import { STANZA_BYTES_MAX } from '../model/xml.ts';
import { TextCache } from '../pipeline/text-cache.ts';
import { CorpusRecords } from '../store/lmdb/corpus-records.ts';
import type { LessonLabel } from '../store/store.ts';
import { sidsOf, slotsOf } from '../verbs/lesson-tokens.ts';
import { messageElementOf } from './stanza-text.ts';

/** The least that a cache of texts may have: a corpus seldom says the same twice. */
const TEXTS_BYTES_MAX = 2 ** 20;

/** A stanza of a corpus, or a text of one, with what it is. */
export type Labelled = readonly [label: LessonLabel, content: string, form: 'stanza' | 'text'];

const FACTS = { stream: {} };

/** What became of some stanzas. */
export interface ReadBatch {
  /** Records of lessons in their order, one behind the other; what teaches nothing is left out. */
  readonly records: Uint8Array;
  /** Where each record ends. */
  readonly ends: readonly number[];
  /** Without a text, or with a test line. */
  readonly empty: number;
  readonly refused: number;
  /** Why the first of them was. */
  readonly refusal: string | undefined;
}

/** Stanzas → records of lessons, as the daemon would make them of TELL. */
export class CorpusReader {
  readonly #records: CorpusRecords;
  readonly #texts: TextCache;

  constructor(secret: Buffer) {
    this.#records = new CorpusRecords(secret);
    this.#texts = new TextCache(this.#records.ids, TEXTS_BYTES_MAX);
  }

  read(stanzas: readonly Labelled[], at: number): ReadBatch {
    const records: Buffer[] = [];
    const counts = { empty: 0, refused: 0, refusal: undefined as string | undefined };
    for (const each of stanzas) {
      try {
        const record = this.#recordOf(each, at);
        if (record === undefined) counts.empty += 1;
        else records.push(record);
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        counts.refused += 1;
        counts.refusal ??= error.message;
      }
    }
    let end = 0;
    const ends = records.map((record) => {
      end += record.length;
      return end;
    });
    return { ...counts, ends, records: joined(records, end) };
  }

  #recordOf([label, content, form]: Labelled, at: number): Buffer | undefined {
    const { ids } = this.#records;
    const sample = form === 'stanza' ? sampleOf(Buffer.from(content), FACTS) : sampleOfText(content);
    const texts = this.#texts.of(sample.texts);
    if (sample.isTest || texts.id === '') return undefined;
    const senderId = sample.subject === undefined ? '' : ids.id('jid', bareJID(sample.subject));
    return this.#records.encode({
      label,
      id: ids.lesson('', texts.id, senderId),
      sids: sidsOf({ texts }),
      slots: slotsOf({ texts }),
      fingerprint: texts.fingerprint,
      senderId,
      at,
    });
  }
}

/** In memory of its own, to be handed to another thread. */
function joined(records: readonly Buffer[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const record of records) {
    all.set(record, at);
    at += record.length;
  }
  return all;
}

/** As `sampleOf` of the stanza that says it. @throws RequestError `too-large` */
function sampleOfText(text: string): Sample {
  if (text.length > STANZA_BYTES_MAX)
    throw new RequestError(
      'EX_DATAERR',
      'too-large',
      `A text is longer than ${STANZA_BYTES_MAX} characters.`,
    );
  return sampleOfStanza(messageElementOf(text), FACTS);
}
