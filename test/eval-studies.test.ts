import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { renderFew, runFew, SETTINGS, STEPS } from '../bench/eval/few.ts';
import { type Figures, figuresOf } from '../bench/eval/figures.ts';
import { withJudge } from '../bench/eval/learn.ts';
import { runMonth } from '../bench/eval/month.ts';
import { onDaemon } from '../bench/eval/month-daemon.ts';
import { planMonth, textsOf } from '../bench/eval/month-plan.ts';
import { renderMonth } from '../bench/eval/month-table.ts';
import { isWrong, learnOnline, renderOnline, runOnline } from '../bench/eval/online.ts';
import { shuffled } from '../bench/eval/shuffle.ts';
import { meansOf, runUsers, VARIANTS, without } from '../bench/eval/users.ts';
import { renderUsers } from '../bench/eval/users-table.ts';
import { createRandom } from '../bench/random.ts';
import type { Message } from '../bench/rows.ts';
import { schema } from '../src/config/schema.ts';
import { scoreOptions } from '../src/pipeline/options.ts';

const CONFIG = schema.parse({ bayes: { server: { lessons_min: 5 } } });
const EMPTY = figuresOf([]);
const OWN_WORDS = 12;

/** Spam and ham by turns, with words of their own class and so many of their own that none are near-duplicates. */
function messages(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => {
    const thing = Array.from({ length: OWN_WORDS }, (_, at) =>
      ((index + 1) * (at + 7) * 48_271).toString(36),
    ).join(' ');
    return index % 2 === 0
      ? { label: 'spam', lang: 'en', text: `cheap pills and golden watches for the ${thing}` }
      : { label: 'ham', lang: 'en', text: `shall we have lunch somewhere near the ${thing}` };
  });
}

describe('the first lessons of a user', () => {
  it('are worth something where the server does not know the community', async () => {
    const row = { name: 'turkish', train: messages(200), test: [] };
    const reports = await runFew(CONFIG, [row]);
    assert.deepEqual(
      reports.map(({ setting, figures }) => [setting, figures.length]),
      SETTINGS.map((setting) => [setting, STEPS.length]),
    );
    const { figures } = reports.find(({ setting }) => setting === 'other')!;
    assert.equal(figures[0]!.one_minus_auc_pct, 50);
    assert.ok(figures[1]!.one_minus_auc_pct! < 10);
    for (const line of renderFew(reports).split('\n')) assert.ok(line.length <= 80, line);
  });
});

describe('learning online', () => {
  it('judges each message by what was known before it', async () => {
    const checkpoints = await withJudge(CONFIG, undefined, (judge) =>
      learnOnline(judge, messages(40), 'all'),
    );
    assert.deepEqual(
      checkpoints.map(({ messages, lessons }) => [messages, lessons.spam, lessons.ham]),
      [
        [10, 5, 5],
        [30, 15, 15],
        [40, 20, 20],
      ],
    );
    const [first, , last] = checkpoints.map(({ figures }) => figures);
    // Nothing is said before there are five lessons of each class.
    assert.equal(first!.unsure_pct, 100);
    assert.equal(first!.one_minus_auc_pct, 50);
    assert.ok(last!.unsure_pct! < 50);
    assert.ok(last!.one_minus_auc_pct! < 30);
  });

  it('teaches errors alone where that is wanted', async () => {
    const stream = messages(200);
    const [all, errors] = await Promise.all(
      (['all', 'errors'] as const).map((teaching) =>
        withJudge(CONFIG, undefined, (judge) => learnOnline(judge, stream, teaching)),
      ),
    );
    const lessons = (checkpoints: typeof all) => checkpoints!.at(-1)!.lessons;
    assert.deepEqual(lessons(all), { spam: 100, ham: 100 });
    const { spam, ham } = lessons(errors);
    assert.ok(spam >= 5 && ham >= 5 && spam + ham < 60, `${spam} + ${ham}`);
    assert.ok(errors!.at(-1)!.figures.spam_caught_pct! > 50);
  });

  it('counts every verdict as wrong that is not the class', () => {
    const wrong = (label: 'spam' | 'ham', verdict: 'spam' | 'unsure' | 'ham') =>
      isWrong({ label, verdict, total: 0, probability: 0.5 });
    assert.deepEqual(
      [wrong('spam', 'spam'), wrong('spam', 'unsure'), wrong('ham', 'unsure'), wrong('ham', 'ham')],
      [false, true, true, false],
    );
  });

  it('holds out a part, shuffles a file that is sorted by class, and fits into 80 columns', async () => {
    const sorted = messages(100).sort((a, b) => (a.label < b.label ? -1 : 1));
    const row = { name: 'youtube-shakira', train: sorted, test: [] };
    const reports = await runOnline(CONFIG, row);
    for (const { checkpoints, held_out } of reports) {
      assert.equal(held_out.n + checkpoints.at(-1)!.messages, 100);
      // Of a sorted stream the first ten would be of one class.
      assert.notEqual(checkpoints[0]!.figures.one_minus_auc_pct, null);
    }
    assert.ok(
      renderOnline(reports)
        .split('\n')
        .every((line) => line.length <= 80),
    );
  });
});

describe('users of one server', () => {
  it('are judged without the units of one scope, all of them', () => {
    const weights = (scope: 'server' | 'user') =>
      Object.entries(scoreOptions(without(scope, CONFIG)).weights)
        .filter(([unit]) => unit.endsWith(`.${scope}`))
        .map(([, weight]) => weight);
    assert.ok(weights('server').length >= 1 && weights('server').every((weight) => weight === 0));
    assert.deepEqual(weights('user'), [0]);
    assert.equal(without('user', CONFIG).bayes.server.weight, CONFIG.bayes.server.weight);
  });

  it('begin without any knowledge, and learn each their own from week to week', async () => {
    const row = (name: string) => ({ name, train: messages(400), test: [] });
    const weeks = await runUsers(CONFIG, [row('turkish'), row('thai'), row('chinese')]);
    assert.deepEqual([...new Set(weeks.map(({ user }) => user))], ['turkish', 'chinese']);
    const turkish = weeks.filter(({ user }) => user === 'turkish');
    assert.equal(turkish.length, 9);
    const [cold, , , , , , , , last] = turkish;
    assert.deepEqual(cold!.lessons, { spam: 0, ham: 0 });
    assert.equal(last!.lessons.spam + last!.lessons.ham, 240);
    for (const variant of ['server', 'user', 'both', 'pooled'] as const) {
      assert.equal(cold!.figures[variant].unsure_pct, 100, variant);
      assert.ok(last!.figures[variant].one_minus_auc_pct! < 5, variant);
    }
    // Both users report the same here, so the server's table knows it, too: two distinct reporters.
    assert.ok(last!.figures.server.spam_caught_pct! > 90);
    assert.ok(
      renderUsers(weeks)
        .split('\n')
        .every((line) => line.length <= 80),
    );
  });

  it('have a mean a week, and the sum of their lessons', () => {
    const week = (user: string, caught: number) => {
      const figures = { ...EMPTY, spam_caught_pct: caught };
      const all = Object.fromEntries(VARIANTS.map((name) => [name, figures]));
      return {
        user,
        week: 1,
        lessons: { spam: 10, ham: 20 },
        figures: all as Record<(typeof VARIANTS)[number], Figures>,
      };
    };
    const [mean, ...more] = meansOf([week('one', 40), week('other', 60)]);
    assert.equal(more.length, 0);
    assert.deepEqual(mean!.lessons, { spam: 20, ham: 40 });
    assert.equal(mean!.figures.user.spam_caught_pct, 50);
  });
});

describe('a month of a user', () => {
  const texts = textsOf(messages(700));
  const { days, unsent } = planMonth(texts);
  const events = days.flatMap((day) => day.events);
  const of = (kind: string) => events.filter((event) => event.kind === kind);

  it('has what an ordinary user gets, each text once, the same each time', () => {
    assert.equal(days.length, 30);
    assert.equal(of('spam').length, 60);
    assert.equal(of('talk').length, 9);
    assert.equal(of('rostered').length, 3);
    assert.ok(new Set(of('contact').map(({ from }) => from)).size > 15);
    const sent = events.flatMap((event) => ('text' in event ? [event.text] : []));
    assert.equal(
      new Set([...sent, ...unsent.spam, ...unsent.ham]).size,
      texts.spam.length + texts.ham.length,
    );
    assert.deepEqual(planMonth(texts).days, days);
    assert.deepEqual([days[0]!.reportsWanted, days[1]!.reportsWanted, days[29]!.reportsWanted], [0, 1, 5]);
  });

  it('adds a stranger the day after the talk, which begins with its first message', () => {
    const [first, ...rest] = days[3]!.events.filter((event) => event.kind === 'talk');
    assert.deepEqual([first?.isFirst, ...rest.map(({ isFirst }) => isFirst)], [true, false, false]);
    const [added] = days[4]!.events.filter((event) => event.kind === 'rostered');
    assert.equal(added?.from, first?.from);
  });

  it('needs messages enough', () => {
    assert.throws(() => textsOf(messages(100)), /a month needs 80 different messages of spam and 209 of ham/);
  });

  it('is lived on a real daemon, from which the user learns', async () => {
    const report = await runMonth(messages(700), 'bayes.user.lessons_min = 1');
    assert.deepEqual(
      report.periods.map(({ until_day, spam, ham }) => [until_day, spam, ham]),
      [10, 20, 30].map((day) => [day, 20, 3]),
    );
    assert.ok(report.reports >= 1 && report.reports <= 5);
    assert.equal(
      Object.values(report.observed).reduce((sum, times) => sum + times, 0),
      6,
    );
    assert.ok(report.periods.at(-1)!.with_user_opinion > 0);
    assert.equal(report.afterwards.messages, 40);
    assert.equal(report.met, true);
    assert.ok(
      renderMonth(report)
        .split('\n')
        .every((line) => line.length <= 80),
    );
  });
});

describe('a daemon with a clock of its own', () => {
  it('is cleared away where it does not start, and where its user fails', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pv-clock-'));
    const outer = process.env['TMPDIR'];
    process.env['TMPDIR'] = dir;
    await assert.rejects(
      onDaemon('no.such = "key"', async () => 'never'),
      /did not start/,
    );
    await assert.rejects(
      onDaemon('', async (client, pass) => {
        pass(86_400_000);
        await client.ping();
        throw new Error('of the user');
      }),
      /of the user/,
    );
    if (outer === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = outer;
    assert.deepEqual(readdirSync(dir), []);
    rmSync(dir, { recursive: true });
  });
});

describe('shuffling', () => {
  it('keeps everything, in an order that the seed decides', () => {
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    const once = shuffled(numbers, createRandom(1));
    assert.deepEqual(
      once.toSorted((a, b) => a - b),
      numbers,
    );
    assert.notDeepEqual(once, numbers);
    assert.deepEqual(shuffled(numbers, createRandom(1)), once);
    assert.notDeepEqual(shuffled(numbers, createRandom(2)), once);
  });
});
