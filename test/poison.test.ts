import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ATTACKS, type Attack } from '../bench/poison/attacks.ts';
import { createCommunity } from '../bench/poison/community.ts';
import { collude, movementOf, probesOf, teachHonestly } from '../bench/poison/simulation.ts';
import { inventedTexts } from '../bench/poison/texts.ts';
import { schema } from '../src/config/schema.ts';

/** Copies and variations, true reports among the lies. */
const MIXED: Attack = (n, ...rest) => (n % 4 < 2 ? ATTACKS.copies : ATTACKS.turncoats)(n, ...rest);

/** Of 10,000 accounts, 1,000 honest reports; then 100 colluders, 20 reports each. `npm run bench:poison` has more of it. */
async function attacked(isUnweighed: boolean) {
  const texts = inventedTexts(1);
  const probes = probesOf(texts);
  const community = await createCommunity({ config: schema.parse({}), isUnweighed });
  try {
    await teachHonestly(community, texts);
    const act = () => collude(community, texts, { attack: MIXED, days: 1 });
    return await movementOf(community, probes, act);
  } finally {
    await community.close();
  }
}

describe('a hundred colluders', { timeout: 120_000 }, () => {
  it('move no verdict of others by more than 0.1', async () => {
    const { phrase, campaign, ham, spam } = await attacked(false);
    for (const { before, after, largest } of [phrase, campaign, ham, spam])
      assert.ok(largest <= 0.1, `${before} → ${after}, one by ${largest}`);
    assert.ok(phrase.before < 0.05 && campaign.before > 0.95, 'there was nothing to move');
  });

  it('would turn it all round if each report were whole', async () => {
    const { phrase, campaign } = await attacked(true);
    assert.ok(phrase.after > 0.5 && campaign.after < 0.5, `${phrase.after} ${campaign.after}`);
  });
});
