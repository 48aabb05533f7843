import { clean } from './clean.ts';
import type { Features } from './features.ts';
import { KIND } from './kinds.ts';
import { foldCase, normalise } from './normalise.ts';
import { spelledOut } from './placeholders.ts';
import { Sampler } from './sampler.ts';
import { shapeOf } from './shape.ts';
import { addTokens } from './tokens.ts';

const sampler = new Sampler();

/** Features of one text: normalised, cleaned of private strings, tokenised, hashed. Takes any string; its cost is bounded. */
export function extractFeatures(text: string): Features {
  const count = sample(text);
  return { hashes: sampler.hashes(), count };
}

/** The same features, in the same order, as a human reads them: `pair: call <phone>`. For explanations, never to be kept. */
export function listFeatures(text: string): string[] {
  return Array.from({ length: sample(text) }, (_, index) => {
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

function sample(text: string): number {
  sampler.clear();
  const normal = normalise(text);
  const cleaned = clean(normal.text);
  for (const name of shapeOf(normal, cleaned.links.length)) sampler.addName(KIND.SHAPE, name);
  for (const link of cleaned.links) {
    sampler.addName(KIND.DOMAIN, link.domain);
    if (link.tld !== '') sampler.addName(KIND.TLD, link.tld);
  }
  addTokens(foldCase(cleaned.text), sampler);
  return sampler.finish();
}
