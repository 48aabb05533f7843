import { isIPv6 } from 'node:net';
import { toASCII } from 'tr46';
import { RequestError } from '../errors.ts';
import { LRU } from '../lru.ts';

declare const canonical: unique symbol;
declare const bare: unique symbol;

/** A JID, full or bare, in the one form that keys are made of; only `canonicalJID` makes one. */
export type JID = string & { readonly [canonical]: true };
/** A canonical JID without a resource. */
export type BareJID = JID & { readonly [bare]: true };

/** Longest local part, domain or resource, in bytes of UTF-8 (RFC 7622 §3.1). */
export const JID_PART_BYTES_MAX = 1023;
const JID_BYTES_MAX = 3 * JID_PART_BYTES_MAX + 2;
const DOMAINS_CACHED_MAX = 4096;
/** What the DNS can hold (RFC 1035 §2.3.4), and a bound on Punycode's quadratic time: a domain beyond ASCII has to fit. */
const DNS_NAME_MAX = 253;
const DNS_LABEL_TOO_LONG = /[^.]{64}/u;

/** Printable ASCII but upper case, space and what RFC 7622 §3.3.1 forbids: `"&'/:<>@`. */
const ASCII_LOCAL = '[!#-%(-.0-9;=?[-~]';
const DOMAIN = String.raw`[0-9a-z_-]+(?:\.[0-9a-z_-]+)*`;
const CANONICAL_ASCII = new RegExp(`^(?:${ASCII_LOCAL}+@)?${DOMAIN}(?:/[ -~]+)?$`);
const CANONICAL_DOMAIN = new RegExp(`^${DOMAIN}$`);

/** RFC 3454 table B.1: characters that Nodeprep and Resourceprep delete. */
const MAPPED_TO_NOTHING =
  /\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200b-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;
/** Controls, format characters, private use, lone surrogates, noncharacters, ideographic description characters. */
const FORBIDDEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\u2ff0-\u2ffb\ufffc\ufffd]/u;
const FORBIDDEN_IN_LOCAL = /["&'/:<>@\p{Zs}]/u;
const BEYOND_ASCII = /[^\0-\x7f]/;

/**
 * Brings a JID into its canonical form: local part as Nodeprep does, domain as A-labels, resource as Resourceprep does.
 * Idempotent. Where it differs from Nodeprep: `docs/decisions/0010-jid-form.md`.
 * @throws RequestError `bad-jid`
 */
export function canonicalJID(text: string): JID {
  if (text.length <= JID_PART_BYTES_MAX && CANONICAL_ASCII.test(text)) {
    return text as JID;
  }
  if (text.length > JID_BYTES_MAX) {
    throw badJID('is too long');
  }
  const slash = text.indexOf('/');
  const bareText = slash < 0 ? text : text.slice(0, slash);
  const at = bareText.indexOf('@');
  const domain = canonicalDomain(bareText.slice(at + 1));
  const local = at < 0 ? '' : `${canonicalLocal(bareText.slice(0, at))}@`;
  const resource = slash < 0 ? '' : `/${canonicalResource(text.slice(slash + 1))}`;
  return (local + domain + resource) as JID;
}

/** The JID without its resource. */
export function bareJID(jid: JID): BareJID {
  const slash = jid.indexOf('/');
  return (slash < 0 ? jid : jid.slice(0, slash)) as BareJID;
}

/** The domain: A-labels in lower case, or an IP literal. */
export function domainOf(jid: JID): string {
  const bareText = bareJID(jid);
  return bareText.slice(bareText.indexOf('@') + 1);
}

/** The local part; '' for a domain's own JID. */
export function localOf(jid: JID): string {
  const bareText = bareJID(jid);
  return bareText.slice(0, Math.max(0, bareText.indexOf('@')));
}

/** The resource; '' for a bare JID. */
export function resourceOf(jid: JID): string {
  const slash = jid.indexOf('/');
  return slash < 0 ? '' : jid.slice(slash + 1);
}

function canonicalLocal(text: string): string {
  const local = foldCase(text.replace(MAPPED_TO_NOTHING, '').normalize('NFKC')).normalize('NFKC');
  if (FORBIDDEN.test(local) || FORBIDDEN_IN_LOCAL.test(local)) {
    throw badJID('has a forbidden character in its local part');
  }
  return bounded(local, 'local part');
}

/**
 * Full case folding (RFC 3454 table B.2) by what the language offers: a letter whose capital is several letters folds to
 * those (ß → ss), every sigma is the medial one, all else is lower-cased letter by letter, since a whole string's
 * `toLowerCase` looks at the neighbours.
 */
function foldCase(text: string): string {
  if (!BEYOND_ASCII.test(text)) {
    return text.toLowerCase();
  }
  let folded = '';
  for (const letter of text) {
    const lower = letter.toLowerCase();
    const capital = lower.toUpperCase();
    folded += capital.length > lower.length ? capital.toLowerCase() : lower;
  }
  return folded.replaceAll('ς', 'σ');
}

function canonicalResource(text: string): string {
  const resource = text.replace(MAPPED_TO_NOTHING, '').normalize('NFKC');
  if (FORBIDDEN.test(resource)) {
    throw badJID('has a forbidden character in its resource');
  }
  return bounded(resource, 'resource');
}

/** Canonical forms of domains beyond ASCII: one takes 8 µs to compute. */
const domains = new LRU<string, string>(DOMAINS_CACHED_MAX);

function canonicalDomain(text: string): string {
  if (!BEYOND_ASCII.test(text)) {
    return asciiDomain(text.toLowerCase());
  }
  const known = domains.get(text);
  if (known !== undefined) {
    return known;
  }
  if (text.length > DNS_NAME_MAX || DNS_LABEL_TOO_LONG.test(text)) {
    throw badJID('has a domain that does not fit the DNS');
  }
  const domain = asciiDomain(toASCII(text, { ignoreInvalidPunycode: true }) ?? '');
  domains.set(text, domain);
  return domain;
}

/** An ASCII domain is its own key, `xn--` labels unread: the DNS tells names apart by nothing else. */
function asciiDomain(text: string): string {
  const domain = text.endsWith('.') ? text.slice(0, -1) : text;
  if (CANONICAL_DOMAIN.test(domain)) {
    return bounded(domain, 'domain');
  }
  // A zone (`fe80::1%eth0`) names an interface of one machine; nobody can be known by it.
  if (
    domain.startsWith('[') &&
    domain.endsWith(']') &&
    !domain.includes('%') &&
    isIPv6(domain.slice(1, -1))
  ) {
    return new URL(`http://${domain}`).hostname;
  }
  throw badJID('has a domain that is neither a host name nor an IP address');
}

function bounded(part: string, name: string): string {
  if (part === '' || part.length > JID_PART_BYTES_MAX || Buffer.byteLength(part) > JID_PART_BYTES_MAX) {
    throw badJID(`has a ${name} that is empty or longer than ${JID_PART_BYTES_MAX} bytes`);
  }
  return part;
}

function badJID(fault: string): RequestError {
  return new RequestError(
    'EX_DATAERR',
    'bad-jid',
    `A JID ${fault}; send JIDs as the XMPP server prepared them.`,
  );
}
