import { encryptionOf, uncloak } from './encryption.ts';
import type { JID } from './jid.ts';
import type { Encryption, SampleText, TextSource } from './sample.ts';
import { holdsTestLine } from './test-line.ts';
import { xhtmlText } from './xhtml.ts';
import { attributeOf, textOf, type XMLElement } from './xml.ts';

/** Length to which texts are cut: as much as `text/` reads of one without leaving out its middle. */
export const TEXT_CHARS_MAX = 8192;
/** Longest `xml:lang` that is kept; the longest tag in use has 35 characters (RFC 5646 §4.4.1). */
const LANG_CHARS_MAX = 35;

export const MUC_USER = 'http://jabber.org/protocol/muc#user';
export const MUC_INVITATION = 'jabber:x:conference';
const NICK = 'http://jabber.org/protocol/nick';
const XHTML_IM = 'http://jabber.org/protocol/xhtml-im';

export interface StanzaTexts {
  readonly texts: readonly SampleText[];
  readonly encryption: Encryption;
  readonly cloaked: boolean;
  readonly isTest: boolean;
}

/** All that a stanza can show to its recipient, each text once, as texts to judge. */
export function textsOf(stanza: XMLElement, sender: JID | undefined): StanzaTexts {
  const marked = encryptionOf(stanza);
  const shown = shownBy(stanza);
  // One text, as nearly every stanza has it, cannot be there twice.
  const seen = shown.length > 1 ? new Set<string>() : undefined;
  const texts: SampleText[] = [];
  let encryption = marked;
  let cloaked = false;
  let isTest = false;
  for (const whole of shown) {
    isTest ||= holdsTestLine(whole.text);
    let text = whole.text.trim();
    if (whole.source === 'body') {
      const uncloaked = uncloak(text, marked, sender);
      text = uncloaked.text.trim();
      encryption = encryption === 'none' ? uncloaked.encryption : encryption;
      cloaked ||= uncloaked.encryption !== 'none' && text !== '';
    }
    if (text === '' || seen?.has(text)) {
      continue;
    }
    seen?.add(text);
    addPieces(texts, whole, text);
  }
  return { texts, encryption, cloaked, isTest };
}

function shownBy(stanza: XMLElement): readonly SampleText[] {
  const shown = new Shown(attributeOf(stanza, 'xml:lang') ?? '');
  for (const child of stanza.children) {
    if (typeof child !== 'string' && !isMarkup(child)) {
      show(child, shown);
    }
  }
  if (stanza.children.some(isMarkup)) {
    showMarkup(stanza, shown);
  }
  return shown.texts;
}

/** What was found so far, each text in the language in force. */
class Shown {
  readonly texts: SampleText[] = [];
  readonly #lang: string;

  constructor(lang: string) {
    this.#lang = lang;
  }

  add(source: TextSource, element: XMLElement, text: string): void {
    const lang = attributeOf(element, 'xml:lang') ?? this.#lang;
    this.texts.push({ source, lang: lang.slice(0, LANG_CHARS_MAX).toLowerCase(), text });
  }
}

/** Direct children count in whatever namespace they are: a client that looks at names only shows them all. */
function show(child: XMLElement, shown: Shown): void {
  switch (child.name) {
    case 'body':
    case 'subject':
    case 'status':
      shown.add(child.name, child, textOf(child));
      break;
    case 'nick':
      if (child.ns === NICK) {
        shown.add('nick', child, textOf(child));
      }
      break;
    case 'x':
      for (const reason of reasonsOf(child)) {
        shown.add('reason', child, reason);
      }
      break;
    case 'error':
      for (const text of childrenOf(child, 'text')) {
        shown.add('reason', text, textOf(text));
      }
      break;
    default:
  }
}

function isMarkup(child: XMLElement | string): boolean {
  return typeof child !== 'string' && child.name === 'html' && child.ns === XHTML_IM;
}

/** XHTML is a text of its own where it says another thing than the bodies do. */
function showMarkup(stanza: XMLElement, shown: Shown): void {
  const words = new Set(shown.texts.map(({ text }) => oneLine(text)));
  for (const html of childrenOf(stanza, 'html').filter(isMarkup)) {
    for (const body of childrenOf(html, 'body')) {
      const text = xhtmlText(body);
      if (!words.has(oneLine(text))) {
        shown.add('body', body, text);
      }
    }
  }
}

/** Reasons of an invitation: of a mediated one (or its refusal), or of a direct one, as attribute or, of old, as content. */
function reasonsOf(x: XMLElement): string[] {
  if (x.ns === MUC_INVITATION) {
    return [attributeOf(x, 'reason') ?? '', textOf(x)];
  }
  if (x.ns !== MUC_USER) {
    return [];
  }
  const answers = [...childrenOf(x, 'invite'), ...childrenOf(x, 'decline')];
  return answers.flatMap((answer) => childrenOf(answer, 'reason').map(textOf));
}

/** Child elements of a name, in order. */
export function childrenOf(element: XMLElement, name: string): XMLElement[] {
  return element.children.filter(
    (child): child is XMLElement => typeof child !== 'string' && child.name === name,
  );
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** No text is dropped or joined with another, since spam would hide there; how many there are is bounded by `ELEMENTS_MAX`. */
function addPieces(texts: SampleText[], { source, lang }: SampleText, text: string): void {
  for (let start = 0; start < text.length; start += TEXT_CHARS_MAX) {
    texts.push({ source, lang, text: text.slice(start, start + TEXT_CHARS_MAX) });
  }
}
