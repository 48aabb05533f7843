import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NO_FIELDS } from '../src/store/lmdb/lesson-fields.ts';
import { type Learnt, OPERATOR_TAG } from '../src/store/lmdb/lesson-record.ts';
import { spreadTokens, TOKEN_BYTES } from '../src/store/lmdb/token-ids.ts';
import { SEGMENT_TOKENS_MAX, segmentsFor, TokenTable } from '../src/store/lmdb/token-table.ts';
import { UserTable } from '../src/store/lmdb/user-table.ts';
import type { ServerColumns } from '../src/store/store.ts';
import { NO_SCRIPTS } from './store-fixture.ts';

const HEAD = { salt: Buffer.alloc(16, 1), check: Buffer.alloc(8, 2), created: 3 };

function learnt(tokens: Buffer, overrides: Partial<Learnt> = {}): Learnt {
  const head = {
    label: 'spam',
    weight: 256,
    at: 0,
    id: '',
    reporterTag: OPERATOR_TAG,
    userId: '',
    scripts: 1,
  } as const;
  return { ...NO_FIELDS, ...head, sids: tokens, uids: tokens, ...overrides };
}

const NONE = new Uint32Array(0);
const NO_LESSONS = { count: 0, spamTotal: 0, hamTotal: 0 };

function tokens(count: number): Buffer {
  return randomBytes(count * TOKEN_BYTES);
}

/** Tokens that also a user's table tells apart, by 32 bits: of 10,000 random ones, two are the same there once in 90 times. */
function distinctTokens(count: number): Buffer {
  const ids = tokens(count);
  const seen = new Set<number>();
  for (let offset = 0; offset < ids.length; offset += TOKEN_BYTES) {
    while (seen.has(ids.readUInt32LE(offset))) ids.set(tokens(1), offset);
    seen.add(ids.readUInt32LE(offset));
  }
  return ids;
}

/** Tokens of the first segment whatever the number of segments, by the given last 32 bits. */
function tokensAt(...lows: number[]): Buffer {
  const ids = Buffer.alloc(lows.length * TOKEN_BYTES);
  for (const [i, low] of lows.entries()) {
    ids.writeUInt32LE(1, i * TOKEN_BYTES);
    ids.writeUInt32LE(low, i * TOKEN_BYTES + 4);
  }
  return ids;
}

function spamOf(
  table: { lookup(ids: Buffer, count: number, into: ServerColumns): void },
  ids: Buffer,
): number[] {
  const count = ids.length / TOKEN_BYTES;
  const into = {
    count: 0,
    spam: new Uint32Array(count),
    ham: new Uint32Array(count),
    spamTotal: 0,
    hamTotal: 0,
    ...NO_SCRIPTS,
    scripts: new Uint8Array(count),
    starter: new Uint32Array(count),
    hasStarter: false,
  };
  table.lookup(spreadTokens(ids, new Uint8Array(count)), count, into);
  return [...into.spam];
}

function applyAll(table: TokenTable, lesson: Learnt, sign: 1 | -1 = 1): void {
  for (let offset = 0; offset < lesson.sids.length; offset += TOKEN_BYTES) table.apply(lesson, offset, sign);
}

describe("the server's table", () => {
  it('refuses and counts new tokens of a full segment, and goes on counting those it has', () => {
    const table = new TokenTable(1);
    const full = tokens(SEGMENT_TOKENS_MAX);
    applyAll(table, learnt(full));
    const late = tokens(10);
    applyAll(table, learnt(late));
    assert.deepEqual([table.tokens, table.refused], [SEGMENT_TOKENS_MAX, 10]);
    assert.deepEqual(spamOf(table, late), Array(10).fill(0));
    applyAll(table, learnt(full));
    assert.deepEqual(new Set(spamOf(table, full)), new Set([512]));
    applyAll(table, learnt(late), -1);
    assert.deepEqual(spamOf(table, late), Array(10).fill(0));
  });

  it('gives the room of forgotten tokens to new ones', () => {
    const table = new TokenTable(1);
    const full = tokens(SEGMENT_TOKENS_MAX);
    applyAll(table, learnt(full));
    applyAll(table, learnt(full), -1);
    assert.equal(table.tokens, 0);
    const next = tokens(1000);
    applyAll(table, learnt(next));
    assert.deepEqual(new Set(spamOf(table, next)), new Set([256]));
    assert.deepEqual(new Set(spamOf(table, full)), new Set([0]));
  });

  it('wraps inside a segment', () => {
    const table = new TokenTable(2);
    const last = tokensAt(4095, 4095 + 4096, 4095 + 8192, 0);
    applyAll(table, learnt(last));
    assert.deepEqual(spamOf(table, last), [256, 256, 256, 256]);
    applyAll(table, learnt(last.subarray(0, TOKEN_BYTES)), -1);
    assert.deepEqual(spamOf(table, last), [0, 256, 256, 256]);
  });

  it('keeps its rows over writing and reading, in a table of any size', () => {
    const table = new TokenTable(3);
    const ids = tokens(5000);
    applyAll(table, learnt(ids));
    applyAll(table, learnt(ids.subarray(0, 100 * TOKEN_BYTES)), -1);
    for (const segments of [2, 3, 7]) {
      const copy = new TokenTable(segments);
      const rows = new Uint32Array(SEGMENT_TOKENS_MAX * 7);
      for (let segment = 0; segment < table.segments; segment++)
        copy.readRows(rows.subarray(0, table.writeRows(segment, rows, 0) * 7));
      assert.deepEqual([copy.tokens, copy.refused], [4900, 0]);
      assert.deepEqual(spamOf(copy, ids), spamOf(table, ids));
    }
  });

  it('counts a token if and only if two distinct reporters are left, in any order of lessons and undoings', () => {
    const one = tokens(1);
    const tag = fc.oneof(
      fc.constant(OPERATOR_TAG),
      fc.integer({ min: 3, max: 9 }),
      fc.integer({ min: 3, max: 65_535 }),
    );
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1, maxLength: 30 }), fc.nat(), (tags, seed) => {
        const table = new TokenTable(1);
        for (const reporterTag of tags) applyAll(table, learnt(one, { reporterTag }));
        // Some are undone again, in another order.
        const left = tags.filter((_, i) => (i + seed) % 3 !== 0);
        for (const [i, reporterTag] of [...tags.entries()].reverse())
          if ((i + seed) % 3 === 0) applyAll(table, learnt(one, { reporterTag }), -1);
        const isTrusted = left.includes(OPERATOR_TAG) || new Set(left).size > 1;
        assert.deepEqual(spamOf(table, one), [isTrusted ? left.length * 256 : 0]);
      }),
      { seed: 1 },
    );
  });

  it('has room for what it is asked to hold', () => {
    for (const max of [1, 3072, 3073, 1_000_000])
      assert.ok(
        segmentsFor(max) * SEGMENT_TOKENS_MAX >= max && (segmentsFor(max) - 1) * SEGMENT_TOKENS_MAX < max,
      );
  });
});

describe("a user's table", () => {
  // Few ids, most of them in one bucket or another that overflow, and of a few tokens that pass for one.
  const ID = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0xffffffd0, max: 0xffffffff }));
  const LESSON = fc.record({
    label: fc.constantFrom('spam' as const, 'ham' as const),
    ids: fc.array(ID, { maxLength: 30 }),
  });
  const idsOf = (lows: readonly number[]): Buffer => {
    const ids = Buffer.alloc(lows.length * TOKEN_BYTES);
    for (const [i, low] of lows.entries()) ids.writeUInt32LE(low, i * TOKEN_BYTES);
    return ids;
  };
  /** Spam and ham of each id. */
  const countsOf = (table: UserTable, asked: readonly number[]): (readonly [number, number])[] => {
    const columns = { spam: new Uint32Array(asked.length), ham: new Uint32Array(asked.length) };
    const into = { ...columns, ...NO_SCRIPTS, scripts: new Uint8Array(asked.length), ...NO_LESSONS };
    table.lookup(spreadTokens(idsOf(asked), new Uint8Array(asked.length)), asked.length, into);
    return asked.map((_, i) => [into.spam[i]!, into.ham[i]!]);
  };

  it('counts as a plain map does, also after undoing and after decoding', () => {
    fc.assert(
      fc.property(fc.array(LESSON, { maxLength: 25 }), fc.nat({ max: 3 }), (lessons, kept) => {
        const table = new UserTable(HEAD);
        const all = lessons.map(({ label, ids }) => learnt(idsOf(ids), { label }));
        for (const lesson of all) table.learn(lesson, 5000);
        for (const [i, lesson] of all.entries()) if (i % 4 > kept) table.unlearn(lesson);
        const left = lessons.filter((_, i) => i % 4 <= kept);
        const asked = [...Array(50).keys(), ...Array.from({ length: 60 }, (_, i) => 0xffffffff - i)];
        const want = asked.map((id) =>
          (['spam', 'ham'] as const).map((label) => {
            const sights = left.flatMap((lesson) => (lesson.label === label ? lesson.ids : []));
            return 256 * sights.filter((each) => each === id).length;
          }),
        );
        assert.deepEqual(countsOf(table, asked), want);
        const decoded = UserTable.decode(table.encode());
        assert.deepEqual(countsOf(decoded, asked), want);
        assert.deepEqual(decoded.encode(), table.encode());
        assert.equal(decoded.tokens, new Set(left.flatMap(({ ids }) => ids)).size);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('takes two tokens for one that differ beyond 32 bits only, and undoes both exactly', () => {
    const table = new UserTable(HEAD);
    const empty = table.encode();
    const both = idsOf([7, 7]);
    both[TOKEN_BYTES + 4] = 1;
    table.learn(learnt(both), 5000);
    assert.deepEqual([table.tokens, spamOf(table, both)], [1, [512, 512]]);
    table.unlearn(learnt(both));
    assert.deepEqual(table.encode(), empty);
  });

  it('has the same bytes, in whatever order it learnt', () => {
    const lessons = Array.from({ length: 30 }, () => learnt(tokens(40)));
    const [there, back] = [new UserTable(HEAD), new UserTable(HEAD)];
    for (const lesson of lessons) there.learn(lesson, 5000);
    for (const lesson of [...lessons].reverse()) back.learn(lesson, 5000);
    assert.deepEqual(back.encode(), there.encode());
  });

  it('is found by in a record that begins anywhere in memory', () => {
    const table = new UserTable(HEAD);
    const ids = distinctTokens(1000);
    table.learn(learnt(ids), 5000);
    const record = table.encode();
    for (const offset of [4, 20, 60]) {
      const memory = Buffer.alloc(offset + record.length);
      memory.set(record, offset);
      assert.deepEqual(new Set(spamOf(UserTable.decode(memory.subarray(offset)), ids)), new Set([256]));
    }
  });

  it('finds every token of a large table and none that is not there', () => {
    const table = new UserTable(HEAD);
    const all = distinctTokens(10_000);
    const ids = all.subarray(0, all.length / 2);
    for (let at = 0; at < ids.length; at += 40 * TOKEN_BYTES)
      table.learn(learnt(ids.subarray(at, at + 40 * TOKEN_BYTES)), 5000);
    assert.equal(table.tokens, 5000);
    assert.deepEqual(new Set(spamOf(table, ids)), new Set([256]));
    assert.deepEqual(new Set(spamOf(table, all.subarray(ids.length))), new Set([0]));
  });

  it('drops the rarest tokens when it is full, and keeps the frequent ones', () => {
    const table = new UserTable(HEAD);
    const often = tokens(50);
    for (let i = 0; i < 3; i++) table.learn(learnt(often), 100);
    for (let i = 0; i < 20; i++) {
      table.learn(learnt(tokens(40)), 100);
      assert.ok(table.tokens <= 100);
    }
    assert.deepEqual(new Set(spamOf(table, often)), new Set([768]));
    assert.equal(table.spamTotal, 23 * 256);
  });

  it('goes on learning when it has long been full', () => {
    const table = new UserTable(HEAD);
    const lessons = Array.from({ length: 600 }, () => tokens(40));
    for (const [i, ids] of lessons.entries()) {
      table.learn(learnt(ids), 1000);
      table.seq = i + 1;
    }
    // Of 400 tokens, an eighth goes three times.
    const known = lessons.slice(-10).flatMap((ids) => spamOf(table, ids).filter((count) => count > 0));
    assert.ok(known.length > 200, `${known.length} of 400`);
  });

  it('is again what it was after a lesson and its undoing, to the byte', () => {
    const table = new UserTable(HEAD);
    table.learn(learnt(tokens(100), { label: 'ham' }), 5000);
    const before = table.encode();
    const lesson = learnt(tokens(100));
    table.learn(lesson, 5000);
    assert.notDeepEqual(table.encode(), before);
    table.unlearn(lesson);
    assert.deepEqual(table.encode(), before);
  });

  /** Lessons that hold each script, as a look-up tells them. */
  const lessonsByScript = (table: UserTable) => {
    const into = { spam: NONE, ham: NONE, scripts: new Uint8Array(0), ...NO_SCRIPTS, ...NO_LESSONS };
    table.lookup(Buffer.alloc(0), 0, into);
    return { spam: [...into.spamByScript], ham: [...into.hamByScript] };
  };

  it('counts the lessons that hold a script, and those of it that were undone no more', () => {
    const mask = fc.integer({ min: 1, max: 0xffff }).map((bits) => bits | 1);
    const lesson = fc.record({ label: fc.constantFrom('spam' as const, 'ham' as const), scripts: mask });
    fc.assert(
      fc.property(fc.array(lesson, { maxLength: 30 }), fc.nat({ max: 3 }), (lessons, kept) => {
        const table = new UserTable(HEAD);
        const all = lessons.map((each) => learnt(tokens(2), each));
        for (const each of all) table.learn(each, 5000);
        const decoded = UserTable.decode(table.encode());
        for (const [i, each] of all.entries()) if (i % 4 > kept) decoded.unlearn(each);
        const left = lessons.filter((_, i) => i % 4 <= kept);
        const want = (label: 'spam' | 'ham') =>
          Array.from({ length: 16 }, (_, script) => {
            const having = left.filter((each) => each.label === label && (each.scripts >>> script) & 1);
            return 256 * having.length;
          });
        assert.deepEqual(lessonsByScript(decoded), { spam: want('spam'), ham: want('ham') });
        assert.deepEqual(lessonsByScript(UserTable.decode(decoded.encode())), lessonsByScript(decoded));
      }),
      { seed: 1 },
    );
  });

  it('tells the scripts of the tokens that it is asked for', () => {
    const into = { spam: new Uint32Array(3), ham: new Uint32Array(3), scripts: new Uint8Array(3) };
    const asked = spreadTokens(tokens(3), Uint8Array.of(4, 0, 15));
    new UserTable(HEAD).lookup(asked, 3, { ...into, ...NO_SCRIPTS, ...NO_LESSONS });
    assert.deepEqual([...into.scripts], [4, 0, 15]);
  });

  it('of schema 2 counts its lessons for all scripts', () => {
    const table = new UserTable(HEAD);
    table.learn(learnt(idsOf([7]), { scripts: 0xffff }), 5000);
    const record = table.encode();
    const old = Buffer.concat([record.subarray(0, 64), record.subarray(128)]);
    old.writeUInt32LE(record.readUInt32LE(60) - 2 ** 31, 60);
    const read = UserTable.decode(old);
    assert.deepEqual(countsOf(read, [7]), [[256, 0]]);
    assert.deepEqual(lessonsByScript(read), lessonsByScript(table));
    assert.deepEqual(read.encode(), record);
  });

  it('stops counting lessons of a script at 65,535', () => {
    const table = new UserTable(HEAD);
    const lesson = learnt(Buffer.alloc(0), { label: 'ham' });
    for (let i = 0; i < 66_000; i++) table.learn(lesson, 5000);
    assert.equal(lessonsByScript(table).ham[0], 65_535 * 256);
    assert.equal(table.hamTotal, 66_000 * 256);
  });

  it('stops counting at 32,767 lessons, and the other class does not notice', () => {
    const table = new UserTable(HEAD);
    const id = [7];
    const spam = learnt(idsOf(id));
    const ham = learnt(idsOf(id), { label: 'ham' });
    table.learn(ham, 5000);
    for (let i = 0; i < 33_000; i++) table.learn(spam, 5000);
    assert.deepEqual(countsOf(table, id), [[32_767 * 256, 256]]);
    table.unlearn(ham);
    assert.deepEqual(countsOf(table, id), [[32_767 * 256, 0]]);
  });

  it('takes a lesson for a whole one, whatever it weighs in the table of all', () => {
    const table = new UserTable(HEAD);
    const lesson = learnt(idsOf([7]), { weight: 3 });
    table.learn(lesson, 5000);
    assert.deepEqual([countsOf(table, [7]), table.spamTotal], [[[256, 0]], 256]);
    table.unlearn(lesson);
    assert.deepEqual([table.tokens, table.spamTotal], [0, 0]);
  });
});
