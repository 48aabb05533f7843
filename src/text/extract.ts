import { type CleanText, clean, placeBefore } from './clean.ts';
import { undisguise } from './disguises.ts';
import type { Features } from './features.ts';
import { fingerprintOf } from './fingerprint.ts';
import { gramsOf } from './grams.ts';
import { KIND } from './kinds.ts';
import { bounded, type NormalText, normalise } from './normalise.ts';
import { spelledOut } from './placeholders.ts';
import { Sampler } from './sampler.ts';
import { addHidden, addMixed, addShape } from './shape.ts';
import { Survey } from './survey.ts';
import { addTokens } from './tokens.ts';

const survey = new Survey();
const sampler = new Sampler();

/** Features of one text: normalised, cleaned of private strings, tokenised, hashed. Takes any string; its cost is bounded. */
export function extractFeatures(text: string): Features {
  const { normal } = prepare(text);
  const fingerprint = fingerprintOf(survey, normal);
  const heads = addWords();
  const count = sampler.finish();
  return {
    hashes: sampler.hashes(),
    count,
    heads,
    scripts: sampler.scripts(),
    grams: gramsOf(survey),
    fingerprint,
  };
}

/** The same features, in the same order, as a human reads them: `pair: call <phone>`. For explanations, never to be kept. */
export function listFeatures(text: string): string[] {
  prepare(text);
  addWords();
  return Array.from({ length: sampler.finish() }, (_, index) => {
    const span = sampler.spanAt(index);
    return `${NAMES[span.kind]}: ${spelledOut(sampler.row.textOf(span))}`;
  });
}

const NAMES: Readonly<Record<number, string>> = {
  [KIND.WORD]: 'word',
  [KIND.PAIR]: 'pair',
  [KIND.GRAM]: 'gram',
  [KIND.SHAPE]: 'shape',
  [KIND.DOMAIN]: 'domain',
  [KIND.TLD]: 'tld',
  [KIND.PLACEHOLDER]: 'placeholder',
};

/**
 * The stretch of a text that its features `first` to `last` stand in, normalised: what it says by itself. Where either of them
 * is of the whole text, from its start or to its end.
 */
export function stretchOf(text: string, first: number, last: number): string {
  const { normal, cleaned } = prepare(text);
  addWords();
  const count = sampler.finish();
  const start = sampler.placeAt(first);
  const end = sampler.placeAt(last);
  let next = last + 1;
  while (next < count && sampler.placeAt(next) === end) next += 1;
  const stop = next < count ? placeBefore(cleaned, sampler.placeAt(next)) : normal.length;
  return normal.slice(placeBefore(cleaned, start), stop);
}

/** What was looked at on the way. */
interface Prepared {
  readonly normal: string;
  readonly cleaned: CleanText;
}

/** Adds what is said of the whole text; the survey then is of the cleaned one. */
function prepare(text: string): Prepared {
  sampler.clear();
  const normal = normalOf(text);
  const cleaned = clean(normal.text, survey);
  addShape(survey, sampler);
  addHidden(cleaned.links.length, normal.invisibles, sampler);
  for (const link of cleaned.links) {
    sampler.addName(KIND.DOMAIN, link.domain);
    if (link.tld !== '') sampler.addName(KIND.TLD, link.tld);
  }
  if (cleaned.text !== normal.text) survey.read(cleaned.text);
  return { normal: normal.text, cleaned };
}

/** Adds the words of a prepared text, without their disguises. Returns how many features before them are of the whole text. */
function addWords(): number {
  addMixed(undisguise(survey), sampler);
  const heads = sampler.count;
  addTokens(survey, sampler);
  return heads;
}

/** The normalised text, which the survey is then of. */
function normalOf(text: string): NormalText {
  const bound = bounded(text);
  survey.read(bound);
  if (survey.isNormal) return { text: bound, invisibles: 0 };
  const normal = normalise(bound);
  survey.read(normal.text);
  return normal;
}
