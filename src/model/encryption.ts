import { isFallbackSentence } from './fallback-sentences.ts';
import { bareJID, type JID } from './jid.ts';
import type { Encryption } from './sample.ts';
import { attributeOf, type XMLElement } from './xml.ts';

/** What namespaces say about the stanza that holds them, or about the one that XEP-0380 and XEP-0428 name them in. */
const MARKS = new Map<string, Encryption>([
  ['eu.siacs.conversations.axolotl', 'omemo'],
  ['urn:xmpp:omemo:0', 'omemo'],
  ['urn:xmpp:omemo:1', 'omemo'],
  ['urn:xmpp:omemo:2', 'omemo'],
  ['urn:xmpp:openpgp:0', 'openpgp'],
  ['jabber:x:encrypted', 'legacy-pgp'],
  ['urn:xmpp:otr:0', 'otr'],
  ['urn:xmpp:sce:0', 'other'],
  ['urn:xmpp:sce:1', 'other'],
]);
const EXPLICIT_ENCRYPTION = 'urn:xmpp:eme:0';
const FALLBACK_INDICATION = 'urn:xmpp:fallback:0';

/** OTR messages of versions 1 to 4 and their fragments (OTR 3 spec, "Requesting conversations", "Fragmentation"). */
const OTR_MESSAGE = /^\?OTR:AA[EIMQ][A-Za-z0-9+/]{60,}={0,2}\.$/;
const OTR_FRAGMENT =
  /^\?OTR(?:\|[0-9a-f]{1,8}\|[0-9a-f]{1,8})?,\d{1,5},\d{1,5},(?:\?OTR:)?[A-Za-z0-9+/]+={0,2}\.?,$/;
const OTR_QUERY = /^\?OTR(?:\?(?:v[0-9x]{0,8}\?)?|v[0-9x]{0,8}\?)/;
/** Sixteen blanks, then eight for each version offered; clients put them at a text's end. */
const OTR_WHITESPACE_TAG = ' \t  \t\t\t\t \t \t \t  ';
const OTR_WHITESPACE = / \t {2}\t{4} \t \t \t {2}(?:[ \t]{8}){0,4}/;
/** RFC 9580 §6.2 with no header but GnuPG's: the others are free text. */
const PGP_MESSAGE =
  /^-----BEGIN PGP MESSAGE-----\n(?:Version: GnuPG v[\d.]{1,12}(?: \((?:GNU\/Linux|MingW32|Darwin)\))?\n)?\n(?:[A-Za-z0-9+/]{60,76}\n)*[A-Za-z0-9+/]{1,76}={0,2}\n(?:=[A-Za-z0-9+/]{4}\n)?-----END PGP MESSAGE-----$/;

/** What a stanza's elements say of its encryption; the more telling mark wins. */
export function encryptionOf(stanza: XMLElement): Encryption {
  let encryption: Encryption = 'none';
  for (const child of stanza.children) {
    const mark = typeof child === 'string' ? undefined : markOf(child);
    if (mark !== undefined && (encryption === 'none' || encryption === 'other')) {
      encryption = mark;
    }
  }
  return encryption;
}

/** A body, and what is left of it to judge. */
export interface Uncloaked {
  readonly text: string;
  readonly encryption: Encryption;
}

/**
 * Takes away from a body what only says that something is encrypted: the blob, or, in a stanza marked as encrypted, a whole
 * known fallback sentence; and OTR's tags. All else is left: why, and why XEP-0428 ranges are not trusted, is written in
 * `docs/decisions/0011-encryption-fallbacks.md`.
 * @param body without white space around it
 * @param marked what `encryptionOf` said of the stanza
 * @param sender whose name may stand in an OTR offer
 */
export function uncloak(body: string, marked: Encryption, sender: JID | undefined): Uncloaked {
  const text = body.includes(OTR_WHITESPACE_TAG) ? body.replace(OTR_WHITESPACE, '') : body;
  if (text.startsWith('?OTR')) {
    if (OTR_MESSAGE.test(text) || OTR_FRAGMENT.test(text)) {
      return { text: '', encryption: 'otr' };
    }
    const query = OTR_QUERY.exec(text);
    if (query !== null) {
      return withoutSentence(text.slice(query[0].length), 'otr', sender);
    }
  }
  if (text.startsWith('-----BEGIN PGP') && PGP_MESSAGE.test(text)) {
    return { text: '', encryption: 'legacy-pgp' };
  }
  return marked === 'none' ? { text, encryption: marked } : withoutSentence(text, marked, sender);
}

function withoutSentence(text: string, encryption: Encryption, sender: JID | undefined): Uncloaked {
  // Not the full JID: a resource has room for an advertisement.
  const names = sender === undefined ? [] : [bareJID(sender), `${bareJID(sender)}/`];
  return { text: isFallbackSentence(text, names) ? '' : text, encryption };
}

function markOf(element: XMLElement): Encryption | undefined {
  if (element.ns === EXPLICIT_ENCRYPTION) {
    return MARKS.get(attributeOf(element, 'namespace') ?? '') ?? 'other';
  }
  if (element.ns === FALLBACK_INDICATION) {
    return MARKS.get(attributeOf(element, 'for') ?? '');
  }
  return MARKS.get(element.ns);
}
