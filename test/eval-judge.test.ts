import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createJudge, type Judge } from '../src/cli/eval-judge.ts';
import { schema } from '../src/config/schema.ts';
import { UNITS } from '../src/model/unit.ts';

const JULIET = 'juliet@capulet.example';
const ROMEO = 'romeo@montague.example';
const CONFIG = schema.parse({ bayes: { server: { lessons_min: 3 }, user: { lessons_min: 3 } } });
const NOUNS = ['garden', 'river', 'window', 'thunder'];

describe('the judge of evaluations', () => {
  let judge: Judge;
  before(async () => {
    judge = await createJudge(CONFIG);
  });
  after(() => judge.close());

  const reasons = (text: string, user?: string) => {
    const { opinions } = judge.judge(text, user);
    return UNITS.map(
      (unit, i) => `${unit}=${opinions[i]?.kind === 'abstention' ? opinions[i].reason : 'said'}`,
    );
  };

  it('knows nothing at first, and says what each unit lacks', () => {
    const { verdict, total } = judge.judge('cheap watches here');
    assert.equal(verdict, 'unsure');
    assert.equal(total, 0);
    assert.ok(reasons('cheap watches here').includes('bayes.server=untrained'));
    assert.ok(reasons('cheap watches here').includes('bayes.user=no-user'));
  });

  it('counts what was taught once it has settled, for the user who taught it alone', async () => {
    for (const noun of NOUNS) {
      void judge.teach('spam', `cheap watches and pills for the ${noun}`, JULIET);
      void judge.teach('ham', `see you at lunch near the ${noun}`, JULIET);
    }
    await judge.settle();
    assert.ok(reasons('cheap watches', JULIET).includes('bayes.user=said'));
    assert.ok(reasons('cheap watches', ROMEO).includes('bayes.user=untrained'));
    assert.ok(judge.judge('cheap watches', JULIET).total > judge.judge('see you at lunch', JULIET).total);
    assert.equal(judge.judge('cheap watches', ROMEO).total, 0);
  });

  it("takes the operator's word for all", async () => {
    for (const noun of NOUNS) {
      void judge.teach('spam', `golden bricks for the ${noun}`);
      void judge.teach('ham', `bring bread from the ${noun}`);
    }
    await judge.settle();
    assert.ok(judge.judge('golden bricks', ROMEO).total > judge.judge('bring bread', ROMEO).total);
    assert.ok(judge.judge('golden bricks', ROMEO).probability > 0.5);
  });

  it('leaves nothing behind', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pv-judge-'));
    const outer = process.env['TMPDIR'];
    process.env['TMPDIR'] = dir;
    const other = await createJudge(CONFIG);
    if (outer === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = outer;
    assert.equal(readdirSync(dir).length, 1);
    await other.close();
    assert.deepEqual(readdirSync(dir), []);
    rmSync(dir, { recursive: true });
  });
});
