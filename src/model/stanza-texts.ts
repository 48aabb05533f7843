import { encryptionOf, uncloak } from './encryption.ts';
import type { JID } from './jid.ts';
import type { Encryption, SampleText, TextSource } from './sample.ts';
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
}

/** All that a stanza can show to its recipient, each text once, as texts to judge. */
export function textsOf(stanza: XMLElement, sender: JID | undefined): StanzaTexts {
  const marked = encryptionOf(stanza);
  let encryption = marked;
  let cloaked = false;
  const texts = new Map<string, SampleText>();
  for (const { source, lang, text: shown } of shownBy(stanza)) {
    let text = shown.trim();
    if (source === 'body') {
      const uncloaked = uncloak(text, marked, sender);
      text = uncloaked.text.trim();
      encryption = encryption === 'none' ? uncloaked.encryption : encryption;
      cloaked ||= uncloaked.encryption !== 'none' && text !== '';
    }
    if (text !== '' && !texts.has(text)) {
      texts.set(text, { source, lang, text });
    }
  }
  return { texts: [...texts.values()].flatMap(cut), encryption, cloaked };
}

function shownBy(stanza: XMLElement): SampleText[] {
  const lang = attributeOf(stanza, 'xml:lang') ?? '';
  const shown: SampleText[] = [];
  const markup: XMLElement[] = [];
  const add: Add = (source, element, text) => {
    const own = (attributeOf(element, 'xml:lang') ?? lang).slice(0, LANG_CHARS_MAX).toLowerCase();
    shown.push({ source, lang: own, text });
  };
  for (const child of stanza.children) {
    if (typeof child === 'string') {
      continue;
    }
    if (child.name === 'html' && child.ns === XHTML_IM) {
      markup.push(...childrenOf(child, 'body'));
    } else {
      show(child, add);
    }
  }
  // XHTML is a text of its own where it says another thing than the bodies do.
  const words = markup.length === 0 ? undefined : new Set(shown.map(({ text }) => oneLine(text)));
  for (const body of markup) {
    const text = xhtmlText(body);
    if (!words?.has(oneLine(text))) {
      add('body', body, text);
    }
  }
  return shown;
}

type Add = (source: TextSource, element: XMLElement, text: string) => void;

/** Direct children count in whatever namespace they are: a client that looks at names only shows them all. */
function show(child: XMLElement, add: Add): void {
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
function cut(whole: SampleText): SampleText[] {
  const pieces: SampleText[] = [];
  for (let start = 0; start < whole.text.length; start += TEXT_CHARS_MAX) {
    pieces.push({ ...whole, text: whole.text.slice(start, start + TEXT_CHARS_MAX) });
  }
  return pieces;
}
