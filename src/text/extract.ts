import { clean } from './clean.ts';
import type { Features } from './features.ts';
import type { Span } from './hash.ts';
import { foldCase, normalise } from './normalise.ts';
import { spelledOut } from './placeholders.ts';
import { Sampler } from './sampler.ts';
import { shapeOf } from './shape.ts';
import { KIND, Spans } from './spans.ts';
import { addTokens } from './tokens.ts';

const spans = new Spans();
const sampler = new Sampler();

/** Features of one text: normalised, cleaned of private strings, tokenised, hashed. Takes any string; its cost is bounded. */
export function extractFeatures(text: string): Features {
  const count = sample(text);
  return { hashes: sampler.hashes(), count };
}

/** The same features, in the same order, as a human reads them: `pair: call <phone>`. For explanations, never to be kept. */
export function listFeatures(text: string): string[] {
  sample(text);
  const span: Span = { kind: 0, start: 0, end: 0 };
  return Array.from(sampler.spanIndexes(), (index) => {
    spans.read(index, span);
    return `${NAMES[span.kind]}: ${spelledOut(spans.textOf(span))}`;
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
  spans.clear();
  const normal = normalise(text);
  const cleaned = clean(normal.text);
  for (const name of shapeOf(normal, cleaned.links.length)) spans.addName(KIND.SHAPE, name);
  for (const link of cleaned.links) {
    spans.addName(KIND.DOMAIN, link.domain);
    if (link.tld !== '') spans.addName(KIND.TLD, link.tld);
  }
  addTokens(foldCase(cleaned.text), spans);
  return sampler.take(spans);
}
