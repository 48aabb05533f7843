import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LastTraces } from '../src/store/lmdb/last-traces.ts';

const word = fc.integer({ min: 0, max: 0xffffffff });
const address = fc.record({
  at: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
  block: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
  place: fc.integer({ min: 0, max: 65_535 }),
  check: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
});

/** Pairs spread over the buckets, as keyed ids are. */
const pairOf = (number: number) => [Math.imul(number, 0x9e3779b1) >>> 0, number] as const;
const traceOf = (at: number) => ({ at, block: at, place: 1, check: 2 });

describe('the last trace of each pair', () => {
  it('gives back what it was given last, over an encoding', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.tuple(word, word), address, fc.boolean()), { maxLength: 8 }),
        (rows) => {
          const table = new LastTraces(64);
          const model = new Map<string, unknown>();
          for (const [pair, trace, isSpam] of rows) {
            table.set(pair, trace, isSpam);
            model.set(`${pair}`, { ...trace });
          }
          const again = new LastTraces(1000);
          again.restore(table.encode());
          for (const [pair] of rows)
            for (const each of [table, again]) assert.deepEqual(each.get(pair), model.get(`${pair}`));
          assert.equal(table.get([1, 2]) ?? undefined, model.get('1,2'));
        },
      ),
      { seed: 4 },
    );
  });

  it('stays of its size, and keeps the latest', () => {
    const table = new LastTraces(4096);
    for (let number = 1; number <= 100_000; number++) table.set(pairOf(number), traceOf(number), false);
    assert.equal(table.encode().length, 32 * 4096);
    const latest = Array.from({ length: 1000 }, (_, i) => 100_000 - i);
    const known = latest.filter((number) => table.get(pairOf(number))?.at === number).length;
    assert.ok(known > 990, `${known} of 1000`);
  });

  it('lets no flood of spam push out who wrote something else', () => {
    const table = new LastTraces(4096);
    const honest = Array.from({ length: 400 }, (_, i) => 1_000_000 + i);
    for (const number of honest) table.set(pairOf(number), traceOf(1), false);
    for (let number = 1; number <= 100_000; number++) table.set(pairOf(number), traceOf(number + 1), true);
    assert.deepEqual(
      honest.filter((number) => table.get(pairOf(number)) === undefined),
      [],
    );
  });

  it('reads what is cut off or of another size without harm', () => {
    const table = new LastTraces(64);
    table.restore(Buffer.alloc(31, 7));
    assert.equal(table.encode().length, 0);
  });
});
