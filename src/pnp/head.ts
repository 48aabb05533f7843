import type { Frame } from './framer.ts';
import { ID_PATTERN, REQUEST_HEADERS, type RequestHeader } from './grammar.ts';
import { SLOT_OF_HEADER, slotOfName } from './header-names.ts';
import { brokenFrame } from './refusal.ts';

const NO_VALUES: readonly (string | undefined)[] = REQUEST_HEADERS.map(() => undefined);
const ID_SLOT = SLOT_OF_HEADER.get('Id') as number;
const SPACE = 0x20;

/**
 * A frame with its known headers found, unknown ones ignored [PNP-5.1]. Their values are cut out at once: nearly all are asked
 * for, and to find the ends again costs more than to cut the others.
 * Constructing it throws a `RequestError` that closes where `Id` is wrong: its answer could not be matched.
 */
export class Head {
  readonly id: string | undefined;
  readonly body: Buffer;
  readonly #text: string;
  readonly #values = NO_VALUES.slice();
  #repeatedSlot = -1;

  constructor(frame: Frame) {
    this.body = frame.body;
    this.#text = frame.head;
    this.#findValues();
    this.id = this.value('Id');
    if (this.id === undefined) return;
    if (this.#repeatedSlot === ID_SLOT) throw brokenFrame('bad-id', 'Id is given once');
    if (!ID_PATTERN.test(this.id)) {
      throw brokenFrame('bad-id', 'Id is 1 to 32 letters, digits, dots, underscores and hyphens');
    }
  }

  get verbName(): string {
    return this.#text.slice(0, this.#text.indexOf(' '));
  }

  /** A known header that was given twice. */
  get repeated(): RequestHeader | undefined {
    return REQUEST_HEADERS[this.#repeatedSlot];
  }

  /** The value without spaces around it; undefined where the header is not there. */
  value(name: RequestHeader): string | undefined {
    return this.#values[SLOT_OF_HEADER.get(name) as number];
  }

  #findValues(): void {
    const text = this.#text;
    let at = text.indexOf('\r') + 2;
    while (at < text.length) {
      const colon = text.indexOf(':', at);
      const end = text.indexOf('\r', colon);
      const slot = slotOfName(text, at, colon);
      if (slot >= 0) {
        if (this.#values[slot] !== undefined && this.#repeatedSlot !== ID_SLOT) this.#repeatedSlot = slot;
        this.#values[slot] = withoutSpaces(text, colon + 1, end);
      }
      at = end + 2;
    }
  }
}

function withoutSpaces(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (text.charCodeAt(start) === SPACE) start += 1;
  while (end > start && text.charCodeAt(end - 1) === SPACE) end -= 1;
  return text.slice(start, end);
}
