import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { NO_FIELDS } from '../src/store/lmdb/lesson-fields.ts';
import { type Learnt, OPERATOR_TAG } from '../src/store/lmdb/lesson-record.ts';
import { openStore } from '../src/store/lmdb/store.ts';
import { SEGMENT_STARTER_MAX, SEGMENT_TOKENS_MAX, TokenTable } from '../src/store/lmdb/token-table.ts';
import type { Starter } from '../src/store/starter.ts';
import type { ServerColumns } from '../src/store/store.ts';
import { TOKEN_STRIDE } from '../src/store/token-words.ts';
import {
  hashesOf,
  lessonId,
  lessonOf,
  NO_SCRIPTS,
  storeOptions,
  temporaryDirectory,
} from './store-fixture.ts';

function columns(count: number): ServerColumns {
  const fresh = () => new Uint32Array(count);
  return {
    count,
    spam: fresh(),
    ham: fresh(),
    spamTotal: 0,
    hamTotal: 0,
    ...NO_SCRIPTS,
    scripts: new Uint8Array(count),
    starter: fresh(),
    hasStarter: false,
  };
}

/** Ids of stride 16 with 8 random bytes, as `setStarter` and `lookup` take them. */
function tokens(count: number): Buffer {
  return randomBytes(count * TOKEN_STRIDE);
}

function starterOf(table: TokenTable, ids: Buffer): number[] {
  const into = columns(ids.length / TOKEN_STRIDE);
  table.lookup(ids, into.count, into);
  return [...into.starter];
}

function lesson(ids: Buffer): Learnt {
  const head = {
    label: 'spam',
    weight: 256,
    at: 0,
    id: '',
    reporterTag: OPERATOR_TAG,
    userId: '',
    scripts: 1,
  } as const;
  return { ...NO_FIELDS, ...head, sids: ids, uids: ids };
}

function apply(table: TokenTable, ids: Buffer, sign: 1 | -1): void {
  for (let offset = 0; offset < ids.length; offset += TOKEN_STRIDE) table.apply(lesson(ids), offset, sign);
}

function setAll(table: TokenTable, ids: Buffer, share: number): number {
  let placed = 0;
  for (let offset = 0; offset < ids.length; offset += TOKEN_STRIDE)
    if (table.setStarter(ids, offset, share)) placed += 1;
  return placed;
}

describe("the starter in the server's table", () => {
  it('takes a quarter of a segment at most, and is no token of a lesson', () => {
    const table = new TokenTable(1);
    const ids = tokens(SEGMENT_TOKENS_MAX);
    assert.equal(setAll(table, ids, 7), SEGMENT_STARTER_MAX);
    assert.equal(table.tokens, 0);
    const said = starterOf(table, ids);
    assert.deepEqual(said.slice(0, SEGMENT_STARTER_MAX), Array(SEGMENT_STARTER_MAX).fill(7));
    assert.deepEqual(new Set(said.slice(SEGMENT_STARTER_MAX)), new Set([0]));
    assert.equal(table.writeRows(0, new Uint32Array(SEGMENT_TOKENS_MAX * 7), 0), 0);
  });

  it('finds room for its word on tokens of lessons, and none in a full segment', () => {
    const table = new TokenTable(1);
    const full = tokens(SEGMENT_TOKENS_MAX);
    apply(table, full, 1);
    assert.equal(setAll(table, full, 9), SEGMENT_TOKENS_MAX);
    assert.equal(setAll(table, tokens(5), 9), 0);
  });

  it('stays where lessons come and go, and where a segment drops forgotten tokens', () => {
    const table = new TokenTable(1);
    const starter = tokens(100);
    setAll(table, starter, 5);
    const first = tokens(SEGMENT_TOKENS_MAX - 100);
    apply(table, first, 1);
    apply(table, starter, 1);
    assert.equal(table.tokens, SEGMENT_TOKENS_MAX);
    apply(table, first, -1);
    apply(table, starter, -1);
    assert.equal(table.tokens, 0);
    const second = tokens(SEGMENT_TOKENS_MAX - 100);
    apply(table, second, 1);
    assert.deepEqual([table.tokens, table.refused], [SEGMENT_TOKENS_MAX - 100, 0]);
    assert.deepEqual(new Set(starterOf(table, starter)), new Set([5]));
    apply(table, tokens(1), 1);
    assert.equal(table.refused, 1);
  });

  it('holds what a plain map holds, whatever was taught, undone, set and moved', () => {
    const pool = tokens(POOL);
    const one = (id: number) => pool.subarray(id * TOKEN_STRIDE, (id + 1) * TOKEN_STRIDE);
    const into = columns(POOL);
    fc.assert(
      fc.property(fc.array(DEED, { minLength: 12, maxLength: 25 }), (deeds) => {
        let table = new TokenTable(1);
        const model = new Model();
        let refused = 0;
        const taught: { label: 'spam' | 'ham'; ids: number[] }[] = [];
        for (const { do: what, label, first, count } of deeds) {
          const ids = Array.from({ length: count }, (_, index) => (first + index) % POOL);
          if (what === 'learn') {
            for (const id of ids) table.apply({ ...lesson(one(id)), label }, 0, 1);
            taught.push({ label, ids: ids.filter((id) => model.learn(id, label)) });
          } else if (what === 'undo') {
            const [undone] = taught.splice(first % Math.max(1, taught.length), 1);
            for (const id of undone?.ids ?? []) {
              table.apply({ ...lesson(one(id)), label: undone!.label }, 0, -1);
              model.undo(id, undone!.label);
            }
          } else if (what === 'starter') {
            for (const id of ids)
              assert.equal(table.setStarter(one(id), 0, 1 + id), model.setStarter(id, 1 + id));
          } else {
            // To the disk and back, as at a start: the starter's words and the places of forgotten tokens are gone.
            const rows = new Uint32Array(SEGMENT_TOKENS_MAX * 7);
            const moved = new TokenTable(1);
            moved.readRows(rows.subarray(0, table.writeRows(0, rows, 0) * 7));
            refused += table.refused;
            table = moved;
            model.shares.clear();
            model.forgotten.clear();
          }
          assert.deepEqual([table.tokens, table.refused + refused], [model.lessons.size, model.refused]);
        }
        table.lookup(pool, POOL, into);
        for (let id = 0; id < POOL; id++) {
          const { spam, ham } = model.lessons.get(id) ?? { spam: 0, ham: 0 };
          assert.deepEqual(
            [into.spam[id], into.ham[id], into.starter[id]],
            [spam, ham, model.shares.get(id) ?? 0],
          );
        }
      }),
      { seed: 1, numRuns: 25 },
    );
  });
});

/** What a table of one segment holds, by plain means. */
class Model {
  readonly lessons = new Map<number, { spam: number; ham: number }>();
  readonly shares = new Map<number, number>();
  readonly forgotten = new Set<number>();
  refused = 0;

  get starterOnly(): number {
    return [...this.shares.keys()].filter((id) => !this.lessons.has(id)).length;
  }

  get kept(): number {
    return this.lessons.size + this.starterOnly;
  }

  learn(id: number, label: 'spam' | 'ham'): boolean {
    if (!this.lessons.has(id) && !this.#takePlace(id)) return false;
    const counts = this.lessons.get(id) ?? { spam: 0, ham: 0 };
    counts[label] += 256;
    this.lessons.set(id, counts);
    return true;
  }

  undo(id: number, label: 'spam' | 'ham'): void {
    const counts = this.lessons.get(id);
    if (counts === undefined) return;
    counts[label] -= 256;
    if (counts.spam + counts.ham > 0) return;
    this.lessons.delete(id);
    if (!this.shares.has(id)) this.forgotten.add(id);
  }

  setStarter(id: number, share: number): boolean {
    const isKnown = this.lessons.has(id) || this.shares.has(id) || this.forgotten.has(id);
    const isFull = this.kept + this.forgotten.size >= SEGMENT_TOKENS_MAX;
    if (!isKnown && (isFull || this.starterOnly >= SEGMENT_STARTER_MAX)) return false;
    this.forgotten.delete(id);
    this.shares.set(id, share);
    return true;
  }

  #takePlace(id: number): boolean {
    if (this.forgotten.delete(id) || this.shares.has(id)) return true;
    if (this.kept + this.forgotten.size >= SEGMENT_TOKENS_MAX) this.forgotten.clear();
    if (this.kept < SEGMENT_TOKENS_MAX) return true;
    this.refused += 1;
    return false;
  }
}

/** More than a segment holds. */
const POOL = 4_000;
/** Lessons and words of the starter come in runs of neighbouring tokens, so that a segment fills and empties. */
const DEED = fc.record({
  do: fc.constantFrom('learn', 'learn', 'learn', 'undo', 'undo', 'starter', 'move'),
  label: fc.constantFrom('spam' as const, 'ham' as const),
  first: fc.nat({ max: POOL - 1 }),
  count: fc.integer({ min: 200, max: 1_500 }),
});

describe('the starter in a store', () => {
  const words = ['earn', 'money', 'lunch'];
  const starter: Starter = {
    id: 'one',
    hashes: hashesOf(words),
    shares: Uint16Array.of(60_000, 50_000, 9_000),
  };
  const opened = async (
    t: TestContext,
    dir: string,
    options: { starter?: Starter; serverTokensMax?: number },
  ) => {
    const store = await openStore(storeOptions(dir, options));
    t.after(() => store.close());
    return store;
  };

  it('is looked up under the key of the store, and is gone without the option', async (t) => {
    const dir = temporaryDirectory(t);
    const asked = [...words, 'unknown'];
    const store = await opened(t, dir, { starter });
    const into = columns(asked.length);
    store.server.lookup(store.ids.serverTokens(hashesOf(asked)), asked.length, into);
    assert.deepEqual([...into.starter], [60_000, 50_000, 9_000, 0]);
    assert.deepEqual([into.hasStarter, store.server.starter, store.sizes().starterTokens], [true, 'one', 3]);
    assert.equal(store.sizes().serverTokens, 0);
    await store.close();
    const without = await opened(t, dir, {});
    without.server.lookup(without.ids.serverTokens(hashesOf(asked)), asked.length, into);
    assert.deepEqual([...into.starter, into.hasStarter, without.server.starter], [0, 0, 0, 0, false, '']);
  });

  it('leaves lessons, their undoing and their replay as they are', async (t) => {
    const dir = temporaryDirectory(t);
    const said = { label: 'spam', text: 'a', words: ['earn', 'rent'] } as const;
    const store = await opened(t, dir, { starter });
    await store.lessons.teach(lessonOf(store, said));
    await store.close();
    const again = await opened(t, dir, { starter, serverTokensMax: 3000 });
    const into = columns(2);
    const look = () => again.server.lookup(again.ids.serverTokens(hashesOf(said.words)), 2, into);
    look();
    assert.deepEqual([...into.spam, ...into.starter], [256, 256, 60_000, 0]);
    await again.lessons.forget(lessonId(again, said), storeOptions(dir).now());
    look();
    assert.deepEqual([...into.spam, ...into.starter], [0, 0, 60_000, 0]);
    assert.equal(again.sizes().serverTokens, 0);
  });

  it('gives its first tokens a place in the smallest table', async (t) => {
    const many = Array.from({ length: 20_000 }, (_, index) => `word ${index}`);
    const shares = new Uint16Array(many.length).fill(40_000);
    const store = await opened(t, temporaryDirectory(t), {
      starter: { id: 'two', hashes: hashesOf(many), shares },
      serverTokensMax: 4_096,
    });
    assert.equal(store.sizes().starterTokens, 2 * SEGMENT_STARTER_MAX);
    const into = columns(100);
    store.server.lookup(store.ids.serverTokens(hashesOf(many.slice(0, 100))), 100, into);
    assert.deepEqual(new Set(into.starter), new Set([40_000]));
  });
});
