import { type SaxesAttributePlain, SaxesParser, type SaxesTagPlain } from 'saxes';
import { RequestError } from '../errors.ts';
import { malformed } from './malformed.ts';
import { Namespaces } from './namespaces.ts';
import { decodeUTF8 } from './utf8.ts';

/** One element of a stanza: nothing in it refers back to the bytes or to the parser. */
export interface XMLElement {
  /** Local name. */
  readonly name: string;
  /** Namespace; '' where none is in force. */
  readonly ns: string;
  /** Names and values by turns, as written but for declarations; read with `attributeOf`. */
  readonly attributes: readonly string[];
  /** Elements and character data in document order. */
  readonly children: readonly (XMLElement | string)[];
}

/** Largest stanza that is read; servers let through 64 to 512 KiB. */
export const STANZA_BYTES_MAX = 262_144;
export const DEPTH_MAX = 32;
export const ATTRIBUTES_MAX = 64;
export const ELEMENTS_MAX = 1024;

interface OpenElement extends XMLElement {
  readonly children: (XMLElement | string)[];
}

const STANZAS = new Set(['message', 'presence', 'iq']);
/** A stanza cut from its stream may have lost the stream's default namespace. */
const STANZA_NAMESPACES = new Set(['', 'jabber:client', 'jabber:server', 'jabber:component:accept']);
/** Instructions, comments, DTDs; in a CDATA section as well, which no server writes. */
const FORBIDDEN = /<\?|<!(?!\[CDATA\[)/;

/**
 * Reads one stanza. Refuses what XMPP forbids (RFC 6120 §11.1: DTD, processing instructions, comments, entities beyond the
 * five) and what is beyond the limits above. Time is linear in the number of bytes.
 * @throws RequestError `too-large`, `bad-utf8`, `bad-xml`, `forbidden-xml`, `too-deep`, `too-many-attributes`,
 * `too-many-elements`, `not-a-stanza`
 */
export function parseStanza(bytes: Uint8Array): XMLElement {
  if (bytes.byteLength > STANZA_BYTES_MAX) {
    throw refusal('too-large', `The stanza is larger than ${STANZA_BYTES_MAX} bytes; do not ask about it.`);
  }
  const text = decodeUTF8(bytes);
  if (text === undefined) {
    throw refusal('bad-utf8', 'The stanza is not UTF-8; send its bytes as they came.');
  }
  if (FORBIDDEN.test(text)) {
    throw refusal('forbidden-xml', 'The stanza has a DTD, a comment or an instruction; XMPP forbids them.');
  }
  const root = parseElement(text);
  if (!STANZAS.has(root.name) || !STANZA_NAMESPACES.has(root.ns)) {
    throw refusal('not-a-stanza', 'The body is not a stanza; send one <message/>, <presence/> or <iq/>.');
  }
  return root;
}

/** Value of an attribute by its name as written (`xml:lang`; XMPP's own have no prefix). */
export function attributeOf(element: XMLElement, name: string): string | undefined {
  const { attributes } = element;
  for (let index = 0; index < attributes.length; index += 2) {
    if (attributes[index] === name) {
      return attributes[index + 1];
    }
  }
  return undefined;
}

/** All character data within, in document order. */
export function textOf(element: XMLElement): string {
  const only = element.children[0];
  if (element.children.length === 1 && typeof only === 'string') {
    return only;
  }
  let text = '';
  for (const child of element.children) {
    text += typeof child === 'string' ? child : textOf(child);
  }
  return text;
}

let parser: StanzaParser | undefined;

function parseElement(text: string): XMLElement {
  const own = parser ?? new StanzaParser();
  // A parser that threw is in no known state: it is kept only when it came through.
  parser = undefined;
  const root = own.parse(text);
  parser = own;
  return root;
}

/**
 * Builds the tree from the events of one reused `saxes` parser. NOTE: six listeners and no more: with the seventh V8 turns
 * the parser object into a dictionary, and a stanza takes 19 µs instead of 4. So `FORBIDDEN` is looked for beforehand.
 */
class StanzaParser {
  readonly #saxes = new SaxesParser({ xmlns: false, position: false });
  readonly #namespaces = new Namespaces();
  readonly #open: OpenElement[] = [];
  #root: XMLElement | undefined;
  #attributes: string[] = [];
  #elements = 0;

  constructor() {
    this.#saxes.on('attribute', (attribute) => this.#attribute(attribute));
    this.#saxes.on('opentag', (tag) => this.#push(tag));
    this.#saxes.on('text', (text) => this.#open.at(-1)?.children.push(text));
    this.#saxes.on('cdata', (text) => this.#open.at(-1)?.children.push(text));
    this.#saxes.on('closetag', () => this.#pop());
    this.#saxes.on('error', ({ message }) => {
      // What stands behind a colon is the stanza's own words.
      throw malformed(message.split(':', 1)[0]?.replace(/\.$/, '') ?? '');
    });
  }

  parse(text: string): XMLElement {
    this.#elements = 0;
    this.#root = undefined;
    this.#saxes.write(text).close();
    return this.#root as unknown as XMLElement;
  }

  #attribute({ name, value }: SaxesAttributePlain): void {
    if (this.#namespaces.declare(name, value)) {
      return;
    }
    if (this.#attributes.length >= 2 * ATTRIBUTES_MAX) {
      throw refusal(
        'too-many-attributes',
        `An element has more than ${ATTRIBUTES_MAX} attributes; do not ask about it.`,
      );
    }
    this.#attributes.push(name, value);
  }

  #push({ name }: SaxesTagPlain): void {
    const ns = this.#namespaces.open(name, this.#attributes);
    this.#elements += 1;
    if (this.#elements > ELEMENTS_MAX) {
      throw refusal(
        'too-many-elements',
        `The stanza has more than ${ELEMENTS_MAX} elements; do not ask about it.`,
      );
    }
    if (this.#open.length >= DEPTH_MAX) {
      throw refusal('too-deep', `The stanza is nested deeper than ${DEPTH_MAX}; do not ask about it.`);
    }
    const element: OpenElement = {
      name: name.slice(name.indexOf(':') + 1),
      ns,
      attributes: this.#attributes,
      children: [],
    };
    this.#attributes = [];
    const parent = this.#open.at(-1);
    if (parent !== undefined) {
      parent.children.push(element);
    } else if (this.#root === undefined) {
      this.#root = element;
    } else {
      throw refusal('bad-xml', 'The body holds more than one element; send one stanza a request.');
    }
    this.#open.push(element);
  }

  #pop(): void {
    this.#open.pop();
    this.#namespaces.close();
  }
}

function refusal(code: string, message: string): RequestError {
  return new RequestError('EX_DATAERR', code, message);
}
