import { parse } from 'tldts';
import { classOf } from './chars.ts';
import { CHAR } from './traits.ts';

/** RFC 1035, 2.3.4. */
const HOST_UNITS_MAX = 253;
/** Networks without a public suffix whose names say that they are addresses. */
const HIDDEN_TLDS = new Set(['onion', 'i2p']);
const PARSE_OPTIONS = { extractHostname: false, allowPrivateDomains: true } as const;

/** A link as far as it may be evidence: path and query are private. */
export interface Link {
  /** Registrable domain by the public suffix list, or the IP address, or the whole hidden-service name. */
  readonly domain: string;
  /** Public suffix: `com`, `co.uk`, `onion`; '' for an IP address. */
  readonly tld: string;
}

/** The link to a host, or undefined where the name cannot be one: no known suffix. */
export function linkTo(host: string): Link | undefined {
  if (host.length > HOST_UNITS_MAX) return undefined;
  const name = host.toLowerCase();
  const last = name.slice(name.lastIndexOf('.') + 1);
  if (HIDDEN_TLDS.has(last)) return { domain: name.split('.').slice(-2).join('.'), tld: last };
  const parsed = parse(name, PARSE_OPTIONS);
  if (parsed.isIp === true) return { domain: name, tld: '' };
  if (parsed.domain === null || parsed.publicSuffix === null) return undefined;
  if (parsed.isIcann !== true && parsed.isPrivate !== true) return undefined;
  return { domain: parsed.domain, tld: parsed.publicSuffix };
}

/** Where the host that begins at `start` ends: letters, digits, hyphens and dots, a dot never last. */
export function hostEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && isHostUnit(text.charCodeAt(end))) end += 1;
  while (end > start && !isWordUnit(text.charCodeAt(end - 1))) end -= 1;
  return end;
}

/** Where the port, path and query behind a host end: at a space, a quote, a bracket, or a script without spaces. */
export function pathEnd(text: string, start: number): number {
  const first = text[start];
  if (first !== '/' && first !== '?' && first !== '#' && first !== ':') return start;
  let end = start;
  while (end < text.length && isPathUnit(text.charCodeAt(end))) end += 1;
  while (end > start && '.,:;!?)'.includes(text[end - 1] as string)) end -= 1;
  return end;
}

export function isHostUnit(unit: number): boolean {
  return unit === 0x2d || unit === 0x2e || isWordUnit(unit);
}

function isPathUnit(unit: number): boolean {
  if (unit <= 0x20 || unit === 0x22 || unit === 0x3c || unit === 0x3e) return false;
  return unit < 0x80 || isWordUnit(unit);
}

function isWordUnit(unit: number): boolean {
  return classOf(unit) === CHAR.WORD;
}
