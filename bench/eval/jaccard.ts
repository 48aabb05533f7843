import { clean } from '../../src/text/clean.ts';
import { normalise } from '../../src/text/normalise.ts';
import { Survey } from '../../src/text/survey.ts';

const GRAM = 5;

/** Of each text how much of its stretches of five letters it has in common with the text that is most like it (Jaccard). */
export function greatestLikeness(texts: readonly string[]): Float64Array {
  const sets = texts.map(gramsOf);
  const holders = new Map<string, number[]>();
  for (const [text, grams] of sets.entries())
    for (const gram of grams) {
      const held = holders.get(gram);
      if (held === undefined) holders.set(gram, [text]);
      else held.push(text);
    }
  const common = new Uint16Array(texts.length);
  return Float64Array.from(sets, (grams, text) => {
    common.fill(0);
    for (const gram of grams) for (const other of holders.get(gram)!) common[other]! += 1;
    common[text] = 0;
    return common.reduce((most, count, other) => {
      const all = grams.size + sets[other]!.size - count;
      return count === 0 ? most : Math.max(most, count / all);
    }, 0);
  });
}

function gramsOf(text: string): Set<string> {
  const survey = new Survey();
  const normal = normalise(text).text;
  survey.read(normal);
  const cleaned = clean(normal, survey).text.toLowerCase();
  const grams = new Set<string>();
  for (let at = 0; at + GRAM <= cleaned.length; at += 1) grams.add(cleaned.slice(at, at + GRAM));
  return grams;
}
