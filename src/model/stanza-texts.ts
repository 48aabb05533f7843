import { encryptionOf, uncloak } from './encryption.ts';
import type { JID } from './jid.ts';
import type { Encryption, SampleText, TextSource } from './sample.ts';
import { xhtmlText } from './xhtml.ts';
import { attributeOf, STANZA_BYTES_MAX, textOf, type XMLElement } from './xml.ts';

/** Most texts of a sample. */
export const TEXTS_MAX = 8;
/** Longest text of a sample: all of the largest stanza fits, so that nothing can be hidden behind the limits. */
export const TEXT_CHARS_MAX = STANZA_BYTES_MAX / TEXTS_MAX;
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
}

/** All that a stanza can show to its recipient, each text once, as texts to judge. */
export function textsOf(stanza: XMLElement, sender: JID | undefined): StanzaTexts {
  const marked = encryptionOf(stanza);
  let encryption = marked;
  let cloaked = false;
  const texts: SampleText[] = [];
  for (const shown of shownBy(stanza)) {
    let text = shown.text;
    if (shown.source === 'body') {
      const uncloaked = uncloak(text, marked, sender);
      text = uncloaked.text;
      encryption = encryption === 'none' ? uncloaked.encryption : encryption;
      cloaked ||= uncloaked.encryption !== 'none' && text.trim() !== '';
    }
    text = text.trim();
    if (text !== '' && !texts.some((other) => other.text === text)) {
      texts.push({ source: shown.source, lang: shown.lang, text });
    }
  }
  return { texts: withinLimits(texts), encryption, cloaked };
}

function shownBy(stanza: XMLElement): SampleText[] {
  const lang = attributeOf(stanza, 'xml:lang') ?? '';
  const shown: SampleText[] = [];
  for (const child of stanza.children) {
    if (typeof child !== 'string') {
      show(child, lang, shown);
    }
  }
  return shown;
}

/** Direct children count in whatever namespace they are: a client that looks at names only shows them all. */
function show(child: XMLElement, lang: string, shown: SampleText[]): void {
  const add = (source: TextSource, element: XMLElement, text: string): void => {
    const own = (attributeOf(element, 'xml:lang') ?? lang).slice(0, LANG_CHARS_MAX).toLowerCase();
    shown.push({ source, lang: own, text });
  };
  switch (child.name) {
    case 'body':
    case 'subject':
    case 'status':
      add(child.name, child, textOf(child));
      break;
    case 'nick':
      if (child.ns === NICK) {
        add('nick', child, textOf(child));
      }
      break;
    case 'html':
      if (child.ns === XHTML_IM) {
        showMarkup(child, shown, add);
      }
      break;
    case 'x':
      for (const reason of reasonsOf(child)) {
        add('reason', child, reason);
      }
      break;
    case 'error':
      for (const text of childrenOf(child, 'text')) {
        add('reason', text, textOf(text));
      }
      break;
    default:
  }
}

type Add = (source: TextSource, element: XMLElement, text: string) => void;

/** XHTML is a text of its own where it says another thing than the bodies do. */
function showMarkup(html: XMLElement, shown: readonly SampleText[], add: Add): void {
  for (const body of childrenOf(html, 'body')) {
    const text = xhtmlText(body);
    const words = oneLine(text);
    if (!shown.some((other) => other.source === 'body' && oneLine(other.text) === words)) {
      add('body', body, text);
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

/** Never drops a character: what is beyond the last text is joined to it, or, too long for that, all is cut anew. */
function withinLimits(texts: SampleText[]): readonly SampleText[] {
  if (texts.length <= TEXTS_MAX && texts.every(({ text }) => text.length <= TEXT_CHARS_MAX)) {
    return texts;
  }
  const pieces = texts.flatMap(cut);
  if (pieces.length <= TEXTS_MAX) {
    return pieces;
  }
  const first = pieces.slice(0, TEXTS_MAX - 1);
  const rest = joined(pieces.slice(TEXTS_MAX - 1));
  return rest.text.length <= TEXT_CHARS_MAX ? [...first, rest] : cut(joined(texts));
}

function joined(texts: readonly SampleText[]): SampleText {
  const [first] = texts as [SampleText];
  return { ...first, text: texts.map(({ text }) => text).join('\n') };
}

function cut(whole: SampleText): SampleText[] {
  const pieces: SampleText[] = [];
  for (let start = 0; start < whole.text.length; start += TEXT_CHARS_MAX) {
    pieces.push({ ...whole, text: whole.text.slice(start, start + TEXT_CHARS_MAX) });
  }
  return pieces;
}
