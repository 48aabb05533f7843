import type { FoundStretch } from '../filters/bayes/find-stretches.ts';
import type { SampleText } from '../model/sample.ts';
import type { KeyedIds } from '../store/store.ts';
import { extractFeatures, stretchOf } from '../text/extract.ts';
import type { Subject } from './gather.ts';

/** The same subject with stretches of its texts as texts of their own behind them: to be judged, never to be learnt. */
export function withStretches(subject: Subject, found: readonly FoundStretch[], ids: KeyedIds): Subject {
  const { sample, texts, user } = subject;
  const features = [...texts.features];
  const sids = [...texts.sids];
  const slots = [...texts.slots];
  const uids = [...subject.uids];
  for (const { text, first, last } of found) {
    const own = extractFeatures(stretchOf((sample.texts[text] as SampleText).text, first, last));
    // At once: all but the fingerprint is scratch space of the next text.
    const tokens = ids.serverTokens(own.hashes, own.scripts);
    features.push({ count: own.count, heads: own.heads, fingerprint: own.fingerprint });
    sids.push(tokens);
    slots.push(ids.slots(own.grams));
    if (user?.keyState === 'ok') uids.push(user.tokens(tokens));
  }
  return { ...subject, texts: { ...texts, features, sids, slots }, uids, stretches: found.length };
}
