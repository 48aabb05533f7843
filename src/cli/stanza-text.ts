import type { XMLElement } from '../model/xml.ts';

/** Sender of stanzas made of a corpus's texts: a reserved domain, so that no karma sticks to anybody. */
const CORPUS_JID = 'corpus@train.invalid';

// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 §2.2 forbids these characters.
const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const MARKUP = /[&<>\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

/** Text as the content of an element. What XML 1.0 §2.2 forbids is dropped. */
export function escapeText(text: string): string {
  return allowedText(text).replace(MARKUP, (character) => ESCAPES[character]!);
}

function allowedText(text: string): string {
  return text.replace(FORBIDDEN, '').replace(LONE_SURROGATE, '');
}

/** A message stanza with the text as its body. */
export function messageOf(text: string): string {
  return `<message from='${CORPUS_JID}' type='chat'><body>${escapeText(text)}</body></message>`;
}

/** The same message as a parser reads it, without writing and parsing it. */
export function messageElementOf(text: string): XMLElement {
  const allowed = allowedText(text);
  const body = { name: 'body', ns: '', attributes: [], children: allowed === '' ? [] : [allowed] };
  return { name: 'message', ns: '', attributes: ['from', CORPUS_JID, 'type', 'chat'], children: [body] };
}
