import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { FitThread } from '../src/linear/fit-thread.ts';
import { type FitterBounds, type FitterOptions, LinearFitter } from '../src/linear/fitter.ts';
import { type Problem, problemOf } from '../src/linear/problem.ts';
import { openStore } from '../src/store/lmdb/store.ts';
import type { LessonLabel, Lessons, Store } from '../src/store/store.ts';
import { easyLessons } from './linear-lessons.ts';
import { lessonId, lessonOf, type Said, START, storeOptions, temporaryDirectory } from './store-fixture.ts';
import { until } from './until.ts';

const BOUNDS: FitterBounds = { isWanted: true, lessonsMax: 1_000, seconds: 1 };
type Fitted = Parameters<FitterOptions['fitted']>[0];

async function emptyStore(t: TestContext): Promise<Store> {
  const store = await openStore(storeOptions(temporaryDirectory(t)));
  t.after(() => store.close());
  return store;
}

function fitterOver(t: TestContext, lessons: FitterOptions['lessons'], bounds: Partial<FitterBounds> = {}) {
  const fits: Fitted[] = [];
  const fitter = new LinearFitter({
    lessons,
    bounds: { ...BOUNDS, ...bounds },
    fitted: (fit) => fits.push(fit),
  });
  t.after(() => fitter.close());
  return { fitter, fits };
}

function said(label: LessonLabel, number: number, word: string): Said {
  return {
    label,
    text: `${label} ${number} ${word}`,
    words: [`${label}${number % 7}`, `${label}-word`, word],
  };
}

async function teach(store: Store, count: number, word = 'alpha'): Promise<void> {
  for (let number = 0; number < count; number += 1)
    for (const label of ['spam', 'ham'] as const)
      await store.lessons.teach(lessonOf(store, said(label, number, `${word}-${label}`)));
}

/** What the fit in force says of these words. */
function judged({ model }: LinearFitter, store: Store, words: readonly string[]) {
  const { sids, slots } = lessonOf(store, { label: 'spam', text: words.join(' '), words });
  const estimate = { z: 0, known: 0 };
  assert.ok(model !== undefined);
  model.estimate(new Int32Array(new Uint8Array(sids).buffer), words.length, slots, estimate);
  return estimate;
}

describe('the fit to the lessons of a store', () => {
  it('is of all that was taught when it was asked for, and knows its words', async (t) => {
    const store = await emptyStore(t);
    const { fitter, fits } = fitterOver(t, store.lessons);
    await teach(store, 30);
    await fitter.settle();
    assert.deepEqual([fitter.model?.spam, fitter.model?.ham], [30, 30]);
    assert.equal(judged(fitter, store, ['spam1', 'spam-word', 'alpha-spam']).known, 1);
    assert.ok(judged(fitter, store, ['spam1', 'spam-word']).z > 1);
    assert.ok(judged(fitter, store, ['ham1', 'ham-word']).z < -1);
    assert.equal(judged(fitter, store, ['never', 'seen']).known, 0);
    assert.deepEqual(
      fits.map(({ spam, ham, error }) => [spam, ham, error]),
      [[30, 30, undefined]],
    );
  });

  it('is not made again while nothing has changed', async (t) => {
    const store = await emptyStore(t);
    const { fitter, fits } = fitterOver(t, store.lessons);
    await fitter.settle();
    await teach(store, 3);
    await fitter.settle();
    await Promise.all([fitter.settle(), fitter.settle()]);
    assert.equal(fits.length, 1);
  });

  it('is without what was forgotten', async (t) => {
    const store = await emptyStore(t);
    const { fitter } = fitterOver(t, store.lessons);
    await teach(store, 10);
    const one = { ...said('spam', 3, 'regretted'), text: 'a mistake' };
    await store.lessons.teach(lessonOf(store, one));
    await fitter.settle();
    assert.equal(judged(fitter, store, ['regretted']).known, 1);
    await store.lessons.forget(lessonId(store, one), START);
    await fitter.settle();
    assert.equal(judged(fitter, store, ['regretted']).known, 0);
    assert.equal(fitter.model?.spam, 10);
  });

  it('has a lesson that was taught anew as the other class in that class only', async (t) => {
    const store = await emptyStore(t);
    const { fitter } = fitterOver(t, store.lessons);
    await teach(store, 10);
    await store.lessons.teach(lessonOf(store, { ...said('spam', 3, 'moved'), text: 'the same' }));
    await store.lessons.teach(
      lessonOf(store, { ...said('spam', 3, 'moved'), text: 'the same', label: 'ham' }),
    );
    await fitter.settle();
    assert.deepEqual([fitter.model?.spam, fitter.model?.ham], [10, 11]);
  });

  it('is none while a class has no lesson, and none again after', async (t) => {
    const store = await emptyStore(t);
    const { fitter, fits } = fitterOver(t, store.lessons);
    await store.lessons.teach(lessonOf(store, said('spam', 1, 'only')));
    await fitter.settle();
    assert.equal(fitter.model, undefined);
    const ham = said('ham', 1, 'only');
    await store.lessons.teach(lessonOf(store, ham));
    await fitter.settle();
    assert.notEqual(fitter.model, undefined);
    await store.lessons.forget(lessonId(store, ham), START);
    await fitter.settle();
    assert.equal(fitter.model, undefined);
    assert.equal(fits.length, 1);
  });

  it('takes the newest of each class, and all of one that has few', async (t) => {
    const store = await emptyStore(t);
    const { fitter } = fitterOver(t, store.lessons, { lessonsMax: 40 });
    await teach(store, 30, 'old');
    await teach(store, 30, 'new');
    await fitter.settle();
    assert.deepEqual([fitter.model?.spam, fitter.model?.ham], [20, 20]);
    assert.equal(judged(fitter, store, ['new-spam', 'new-ham']).known, 1);
    assert.equal(judged(fitter, store, ['old-spam', 'old-ham']).known, 0);
    for (let number = 0; number < 60; number += 1)
      await store.lessons.teach(lessonOf(store, said('spam', number, 'later')));
    fitter.adopt({ ...BOUNDS, lessonsMax: 100 });
    await fitter.settle();
    assert.deepEqual([fitter.model?.spam, fitter.model?.ham], [50, 50]);
    assert.equal(judged(fitter, store, ['old-ham', 'later']).known, 1);
  });

  it('is made anew for another number of lessons, and not at all where it is not wanted', async (t) => {
    const store = await emptyStore(t);
    const { fitter } = fitterOver(t, store.lessons);
    const spam = () => fitter.model?.spam;
    await teach(store, 30);
    await fitter.settle();
    fitter.adopt({ ...BOUNDS, lessonsMax: 20 });
    await fitter.settle();
    assert.equal(spam(), 10);
    fitter.adopt({ ...BOUNDS, lessonsMax: 30 });
    const under = fitter.settle();
    fitter.adopt({ ...BOUNDS, isWanted: false });
    assert.equal(spam(), undefined, 'nor is one kept that would forget nothing');
    await under;
    await fitter.settle();
    assert.equal(spam(), undefined);
    fitter.adopt(BOUNDS);
    await fitter.settle();
    assert.equal(spam(), 30);
  });

  it('misses no lesson that was on its way to the disk when it began', async (t) => {
    const store = await emptyStore(t);
    const { fitter } = fitterOver(t, store.lessons);
    await teach(store, 3);
    for (let round = 0; round < 5; round += 1) {
      const taught = teach(store, 4, `round-${round}`);
      await fitter.settle();
      await taught;
    }
    await fitter.settle();
    assert.deepEqual([fitter.model?.spam, fitter.model?.ham], [23, 23]);
  });

  it('comes by itself, once lessons have stopped coming', async (t) => {
    const store = await emptyStore(t);
    const { fitter, fits } = fitterOver(t, store.lessons);
    fitter.start();
    await teach(store, 30);
    await until(() => fitter.model?.spam === 30 && fitter.model.ham === 30);
    assert.ok(fits.length <= 2, 'amid them at most once, after the time that a fit may wait');
  });

  it('is the same over the same lessons after a restart', async (t) => {
    const dir = temporaryDirectory(t);
    const ids: (string | undefined)[] = [];
    for (const isFirst of [true, false]) {
      const store = await openStore(storeOptions(dir));
      if (isFirst) await teach(store, 20);
      const { fitter } = fitterOver(t, store.lessons);
      await fitter.settle();
      ids.push(fitter.model?.id);
      await store.close();
    }
    assert.match(ids[0] ?? '', /^[0-9a-f]{32}$/);
    assert.equal(ids[0], ids[1]);
  });

  it('reads a few records a turn of the event loop, and none of a class that it has enough of', async (t) => {
    const store = await emptyStore(t);
    await teach(store, 40);
    for (let number = 0; number < 100; number += 1)
      await store.lessons.teach(lessonOf(store, said('spam', number, 'more')));
    let calls = 0;
    let read = 0;
    const turns = new Set<number>();
    let immediates = 0;
    const lessons: Pick<Lessons, 'generation' | 'newestBefore'> = {
      get generation() {
        return store.lessons.generation;
      },
      newestBefore: (before, count, isWanted) => {
        setImmediate(() => {
          immediates += 1;
        });
        assert.ok(count <= 16);
        turns.add(immediates);
        calls += 1;
        const step = store.lessons.newestBefore(before, count, isWanted);
        read += step.lessons.length;
        return step;
      },
    };
    const { fitter } = fitterOver(t, lessons, { lessonsMax: 60 });
    await fitter.settle();
    assert.deepEqual([fitter.model?.spam, fitter.model?.ham], [30, 30]);
    assert.ok(calls >= 8 && turns.size === calls, `${turns.size} turns, ${calls} calls`);
    assert.ok(read < 60 + 30 + 16, `${read} lessons`);
  });
});

describe('a fit that cannot be made', () => {
  it('leaves the one before in force, says so, and is tried again', async (t) => {
    const store = await emptyStore(t);
    let isBroken = false;
    const lessons: Pick<Lessons, 'generation' | 'newestBefore'> = {
      get generation() {
        return store.lessons.generation;
      },
      newestBefore: (...asked) => {
        if (isBroken) throw new Error('the disk is gone');
        return store.lessons.newestBefore(...asked);
      },
    };
    const { fitter, fits } = fitterOver(t, lessons);
    await teach(store, 10);
    await fitter.settle();
    const { model } = fitter;
    await teach(store, 1, 'later');
    isBroken = true;
    await fitter.settle();
    assert.equal(fitter.model, model);
    assert.match(String(fits.at(-1)?.error), /the disk is gone/);
    isBroken = false;
    await fitter.settle();
    assert.equal(fitter.model?.spam, 11);
  });

  it('ends with the error of its thread', async () => {
    const thread = new FitThread();
    thread.add({ labels: new Uint8Array(1) } as unknown as Problem);
    await assert.rejects(thread.fit(10), TypeError);
    await thread.close();
  });

  it('is given up when the fitter is closed, while lessons are read and while the thread is at work', async (t) => {
    const store = await emptyStore(t);
    await teach(store, 40);
    for (const turns of [1, 40]) {
      const { fitter, fits } = fitterOver(t, store.lessons);
      const settled = fitter.settle();
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      await fitter.close();
      await settled;
      assert.equal(fitter.model, undefined);
      assert.deepEqual(fits, []);
    }
  });

  it('does not keep a thread that was closed before it was asked', async () => {
    const thread = new FitThread();
    thread.add(problemOf(easyLessons(10)));
    await thread.close();
    await assert.rejects(thread.fit(10), /ended without a model/);
  });
});
