import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ACTIVE_DAYS, ActiveUsers } from '../src/store/active-users.ts';
import type { ReportedText } from '../src/store/reported-entries.ts';
import { ReportedTexts } from '../src/store/reported-texts.ts';
import type { LessonLabel } from '../src/store/store.ts';
import { extractFeatures } from '../src/text/extract.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
/** As good as keyed ones. */
const idOf = (number: number) => createHash('md5').update(`${number}`).digest('hex');
const printOf = (text: string) => extractFeatures(text).fingerprint;

const SPAM = 'dear friend write to me at once about the golden proposal that waits for you';
const COPY = 'Dear friend: write to me TODAY about the golden proposal that waits for you!';
const OTHER = 'the committee meets on thursday in the small hall behind the library as always';

interface Said {
  readonly who: number;
  readonly text: string;
  readonly label?: LessonLabel;
  readonly at?: number;
  readonly sender?: number;
}

let number = 0;

function textOf({ who, text, label = 'spam', at = START, sender = 0 }: Said): ReportedText {
  return {
    fingerprint: printOf(text),
    label,
    userId: idOf(who),
    pairId: idOf(1_000 * (who + 1) + sender),
    lessonId: idOf(7_000_000 + ++number),
    at,
    number,
  };
}

function memory(...said: Said[]): ReportedTexts {
  const texts = new ReportedTexts(100);
  for (const each of said) texts.add(textOf(each));
  return texts;
}

function look(texts: ReportedTexts, who: number | undefined, text = SPAM, sender = 0, since = START) {
  const userId = who === undefined ? '' : idOf(who);
  const pairId = () => idOf(1_000 * ((who ?? 0) + 1) + sender);
  const { own, others } = texts.look({ fingerprint: printOf(text), userId, pairId, since });
  return { own, others };
}

describe('what users have reported', () => {
  it('is told of copies, to whoever said it as their own, to others as a number', () => {
    const texts = memory({ who: 1, text: SPAM });
    assert.deepEqual(look(texts, 1), { own: 'spam', others: 0 });
    assert.deepEqual(look(texts, 1, COPY), { own: 'spam', others: 0 });
    assert.deepEqual(look(texts, 2, COPY), { own: undefined, others: 1 });
    assert.deepEqual(look(texts, undefined, COPY), { own: undefined, others: 1 });
    assert.deepEqual(look(texts, 1, OTHER), { own: undefined, others: 0 });
  });

  it('counts each user once, by what they said last, and ham against spam', () => {
    const said: Said[] = [
      { who: 1, text: SPAM },
      { who: 1, text: COPY, at: START + 1 },
      { who: 2, text: SPAM },
      { who: 3, text: SPAM, label: 'ham' },
      { who: 2, text: COPY, label: 'ham', at: START + 1 },
      { who: 4, text: SPAM },
      { who: 5, text: SPAM },
    ];
    const texts = memory(...said);
    assert.deepEqual(look(texts, 9), { own: undefined, others: 3 - 2 });
    assert.deepEqual(look(texts, 2), { own: 'ham', others: 3 - 1 });
  });

  it('counts a user once whose texts are copies of it, and none of each other', () => {
    const thirds = [
      'dear friend write to me at once',
      'the golden proposal waits',
      'but only until next sunday',
    ];
    const [one, other] = [thirds.slice(0, 2).join(' '), thirds.slice(1).join(' ')] as const;
    assert.equal(look(memory({ who: 1, text: one }), 1, other).own, undefined);
    const asked = thirds.join(' ');
    for (const text of [one, other]) assert.equal(look(memory({ who: 1, text }), 2, asked).others, 1, text);
    assert.equal(look(memory({ who: 1, text: one }, { who: 1, text: other }), 2, asked).others, 1);
  });

  it('is not hidden by one who reports again and again', () => {
    const texts = memory({ who: 1, text: SPAM }, { who: 2, text: SPAM });
    for (let again = 1; again < 90; again += 1) texts.add(textOf({ who: 3, text: SPAM, at: START + again }));
    assert.deepEqual(look(texts, 9), { own: undefined, others: 3 });
  });

  it('comes back as it was when what came after is taken back', () => {
    const texts = memory({ who: 1, text: SPAM });
    const again = textOf({ who: 1, text: COPY, label: 'ham', at: START + 1 });
    texts.add(again);
    assert.deepEqual([look(texts, 1).own, look(texts, 2).others], ['ham', -1]);
    assert.deepEqual(texts.find(again.lessonId), { label: 'ham', number: again.number });
    texts.remove(again.lessonId);
    assert.deepEqual([look(texts, 1).own, look(texts, 2).others], ['spam', 1]);
    assert.equal(texts.find(again.lessonId), undefined);
  });

  it('is past after its time, and makes room', () => {
    const texts = memory({ who: 1, text: SPAM }, { who: 2, text: SPAM, at: START + DAY });
    assert.deepEqual(look(texts, 3, SPAM, 0, START + 1), { own: undefined, others: 1 });
    assert.equal(texts.count, 2);
    texts.step(START + 1);
    assert.equal(texts.count, 1);
    texts.step(START + 2 * DAY);
    assert.equal(texts.count, 0);
    assert.deepEqual(look(texts, 3, SPAM, 0, START), { own: undefined, others: 0 });
  });

  it('of an ordinary text is told of the same sender to the same user alone', () => {
    const texts = memory({ who: 1, text: 'hi there', sender: 5 });
    assert.deepEqual(look(texts, 1, 'Hi, there.', 5), { own: 'spam', others: 0 });
    assert.deepEqual(look(texts, 1, 'hi there', 6), { own: undefined, others: 0 });
    assert.deepEqual(look(texts, 2, 'hi there', 5), { own: undefined, others: 0 });
  });

  it('holds so many of each label; the oldest go first', () => {
    const texts = new ReportedTexts(16);
    const marks = Array.from(
      { length: 40 },
      (_, i) => `${String.fromCharCode(97 + (i % 26)).repeat(6)}${'xy'.repeat(1 + Math.floor(i / 26))}`,
    );
    const all = marks.map((mark, i) =>
      textOf({ who: 1, text: `${mark} proposal ${mark} golden ${mark}`, at: START + i }),
    );
    texts.add(textOf({ who: 2, text: SPAM, label: 'ham' }));
    for (const text of all) texts.add(text);
    assert.equal(texts.count, 16 + 1);
    assert.deepEqual(
      all.map((text) => texts.find(text.lessonId) !== undefined),
      all.map((_, i) => i >= 24),
    );
    assert.equal(texts.firstNumber('spam'), all[24]?.number);
    assert.equal(look(texts, 2).own, 'ham');
  });

  it('tells what a list of the reports tells, whatever is said, taken back and forgotten', () => {
    const deeds = fc.array(
      fc.record({
        who: fc.nat(3),
        text: fc.nat(2),
        act: fc.constantFrom('spam', 'ham', 'remove', 'step'),
      }),
      { maxLength: 60 },
    );
    // No two of them copies of each other, so that a list can tell which are one text.
    const bodies = [
      SPAM,
      OTHER,
      'completely different words about gardening tulips and compost in springtime',
    ];
    fc.assert(
      fc.property(deeds, (all) => {
        const texts = new ReportedTexts(64);
        let list: ReportedText[] = [];
        for (const [i, { who, text, act }] of all.entries()) {
          const at = START + i;
          const body = bodies[text] as string;
          if (act === 'step') texts.step(START);
          else if (act === 'remove') {
            const last = list.findLast((each) => each.userId === idOf(who));
            if (last !== undefined) texts.remove(last.lessonId);
            list = list.filter((each) => each !== last);
          } else {
            const said = textOf({ who, text: body, label: act as LessonLabel, at });
            texts.add(said);
            list.push(said);
          }
          for (const asked of [0, 1, 2, 3])
            assert.deepEqual(look(texts, asked, body), listed(list, asked, body));
        }
        assert.equal(texts.count, list.length);
      }),
      { seed: 4 },
    );
  });
});

function listed(list: readonly ReportedText[], who: number, body: string) {
  const wanted = JSON.stringify([...printOf(body)]);
  const about = list.filter(({ fingerprint }) => JSON.stringify([...fingerprint]) === wanted);
  const last = new Map(about.map(({ userId, label }) => [userId, label]));
  const own = last.get(idOf(who));
  last.delete(idOf(who));
  const others = [...last.values()].reduce((sum, label) => sum + (label === 'spam' ? 1 : -1), 0);
  return { own, others };
}

describe('active users', () => {
  const marked = (users: ActiveUsers, count: number, at = START) => {
    for (let user = 0; user < count; user += 1) users.mark(idOf(user), at);
    return users;
  };

  it('are counted, the few nearly exactly and the many about', () => {
    for (const [count, off] of [
      [0, 0],
      [1, 0],
      [19, 1],
      [20, 1],
      [500, 25],
      [5_000, 400],
    ] as const) {
      const counted = marked(new ActiveUsers(), count).count(START);
      assert.ok(Math.abs(counted - count) <= off, `${counted} for ${count}`);
    }
  });

  it('count once, however often they are seen', () => {
    const users = marked(new ActiveUsers(), 10);
    for (let day = 0; day < 5; day += 1) marked(users, 10, START + day * DAY);
    assert.equal(users.count(START + 5 * DAY), 10);
  });

  it('are no longer active after 30 days, and again when they come back', () => {
    const users = marked(new ActiveUsers(), 10);
    assert.equal(users.count(START + (ACTIVE_DAYS - 1) * DAY), 10);
    assert.equal(users.count(START + ACTIVE_DAYS * DAY), 0);
    assert.equal(marked(users, 4, START + ACTIVE_DAYS * DAY).count(START + ACTIVE_DAYS * DAY), 4);
  });

  it('are known again from what was saved, and from nothing else', () => {
    const users = marked(new ActiveUsers(), 30);
    assert.ok(users.isChanged);
    const again = new ActiveUsers(users.save());
    assert.ok(!users.isChanged);
    assert.equal(again.count(START + DAY), users.count(START + DAY));
    for (const saved of [undefined, Buffer.alloc(0), Buffer.alloc(17, 1)])
      assert.equal(new ActiveUsers(saved).count(START), 0);
  });
});
