import { SHARE_UNITS, shareOf } from '../../src/store/starter.ts';
import type { Message } from './messages.ts';
import { hasName, namesOfOneSource } from './names.ts';

/** Distinct messages that a token must come from, near-duplicates joined. */
const MESSAGES_MIN = 4;
/** Sums of parts are compared with whole numbers. */
const ROUNDING = 1e-6;
/** Added to both counts of a token. */
const SMOOTHING = 0.2;
/** Messages of ham that are thought to hold a spam's token in each language: little ham of a language is little proof. */
const UNSEEN_HAM = 0.5;
/** Features of a message that counts as one; a longer one spreads the same weight over more, so that length tells nothing. */
const FEATURES_USUAL = 25;
const FEATURES_MIN = 5;
/** What log-odds are multiplied by: as much as leaves a fivefold margin below one ham in a thousand. */
const BOLDNESS = 1.25;
const SPAM_LOG_ODDS_MAX = 5;
/** Another community's ham proves little. */
const HAM_LOG_ODDS_MAX = 1.25;
/** A link is a domain, a suffix, a placeholder and a count, but one piece of evidence. */
const LOG_ODDS_MAX_OF_KIND: Readonly<Record<string, number>> = {
  shape: 1.25,
  tld: 1.25,
  placeholder: 1.9,
  domain: 3.75,
};
/** Languages that are one in writing. */
const MACROLANGUAGE: Readonly<Record<string, string>> = { yue: 'zh', wuu: 'zh', nno: 'no' };
/** How long texts are tells corpora apart, not classes. A suffix of two letters is a country. */
const NOT_EVIDENCE = /^(shape: length |tld: (.*\.)?[a-z]{2}$)/;

/** One token of the table. */
export interface Token {
  readonly hash: string;
  readonly feature: string;
  readonly share: number;
}

/** What is counted of a token. */
interface Count {
  readonly feature: string;
  /** Distinct messages. */
  messages: number;
  /** By language. */
  readonly spam: Map<string, number>;
  readonly ham: Map<string, number>;
}

interface Totals {
  readonly spam: Map<string, number>;
  readonly ham: Map<string, number>;
}

/**
 * Tokens with their spam shares, the most telling first. Each language is compared with itself alone, and the comparisons
 * are put together as Mantel and Haenszel do it (1959): a token that only tells a language is as frequent in its spam as in
 * its ham, and one of a language without ham, or without spam, says nothing. See docs/decisions/0022.
 */
export function tokensOf(messages: readonly Message[]): Token[] {
  const names = namesOfOneSource(messages);
  const totals: Totals = { spam: new Map(), ham: new Map() };
  const counts = countAll(messages, totals);
  const ranked: (Token & { readonly rank: number })[] = [];
  for (const [hash, count] of counts) {
    const { feature, messages: seen } = count;
    if (seen < MESSAGES_MIN - ROUNDING || NOT_EVIDENCE.test(feature) || hasName(feature, names)) continue;
    const logOdds = bounded(feature, logOddsOf(count, totals));
    ranked.push({ hash, feature, share: shareOf(logOdds), rank: Math.abs(logOdds) * Math.log1p(seen) });
  }
  return ranked.sort((a, b) => b.rank - a.rank || (a.hash < b.hash ? -1 : 1));
}

function countAll(messages: readonly Message[], totals: Totals): Map<string, Count> {
  const counts = new Map<string, Count>();
  for (const { label, lang, source, share, hashes, features } of messages) {
    const language = MACROLANGUAGE[lang] ?? lang;
    const weight = share * (label === 'spam' ? source.spamWeight : source.hamWeight);
    const each = (weight * FEATURES_USUAL) / Math.max(FEATURES_MIN, hashes.length);
    add(totals[label], language, each * hashes.length);
    for (const [index, hash] of hashes.entries()) {
      const count = counts.get(hash) ?? {
        feature: features[index] as string,
        messages: 0,
        spam: new Map(),
        ham: new Map(),
      };
      counts.set(hash, count);
      count.messages += share;
      add(count[label], language, each);
    }
  }
  return counts;
}

function add(sums: Map<string, number>, language: string, amount: number): void {
  sums.set(language, (sums.get(language) ?? 0) + amount);
}

function logOddsOf({ spam, ham }: Count, totals: Totals): number {
  let inSpam = SMOOTHING;
  let inHam = SMOOTHING;
  for (const language of new Set([...spam.keys(), ...ham.keys()])) {
    const hamTotal = totals.ham.get(language) ?? 0;
    if (hamTotal === 0) continue;
    const odds = (totals.spam.get(language) ?? 0) / hamTotal;
    const seenInSpam = spam.get(language) ?? 0;
    const unseen = seenInSpam === 0 ? 0 : UNSEEN_HAM;
    inSpam += seenInSpam / (1 + odds);
    inHam += (((ham.get(language) ?? 0) + unseen) * odds) / (1 + odds);
  }
  return BOLDNESS * Math.log(inSpam / inHam);
}

function bounded(feature: string, logOdds: number): number {
  const max = LOG_ODDS_MAX_OF_KIND[feature.slice(0, feature.indexOf(':'))] ?? SPAM_LOG_ODDS_MAX;
  return Math.max(-Math.min(max, HAM_LOG_ODDS_MAX), Math.min(max, logOdds));
}

/** Tokens that raise the score, those that lower it, and those that say nothing: for a report. */
export function balanceOf(tokens: readonly Token[]): { spam: number; ham: number; neutral: number } {
  const half = SHARE_UNITS / 2;
  const near = SHARE_UNITS / 40;
  const spam = tokens.filter(({ share }) => share > half + near).length;
  const ham = tokens.filter(({ share }) => share < half - near).length;
  return { spam, ham, neutral: tokens.length - spam - ham };
}
