import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { BlockCipher, deriveDaemonKeys } from '../src/store/crypto.ts';
import { DerivedIds } from '../src/store/keyed-ids.ts';
import { openEnvironment } from '../src/store/lmdb/environment.ts';
import { LMDBFacts } from '../src/store/lmdb/facts.ts';
import { PastKeys } from '../src/store/lmdb/past-keys.ts';
import { formatTraceId, parseTraceId } from '../src/store/lmdb/trace-id.ts';
import { LMDBTraces } from '../src/store/lmdb/traces.ts';
import { Writer } from '../src/store/lmdb/writer.ts';
import type { Trace } from '../src/store/store.ts';
import { FINGERPRINT_WORDS } from '../src/text/fingerprint.ts';
import { QUIET, SECRET, START, temporaryDirectory } from './store-fixture.ts';

const DAY = 86_400_000;
const BYTES_MAX = 200_000;
const keys = deriveDaemonKeys(SECRET);

function traceOf(total: number, at: number, tokens = 36): Trace {
  const ids = { textId: '1'.repeat(32), senderId: '2'.repeat(32) };
  const sids = Buffer.from(Array.from({ length: 16 * tokens }, (_, i) => (i % 16 < 9 ? 5 : 0)));
  return {
    at,
    verdict: 'ham',
    total,
    ...ids,
    scores: new Float32Array(4),
    sids,
    slots: Uint32Array.of(1, 0xabcdef, 0xffffff, 7),
    fingerprint: Uint32Array.from({ length: FINGERPRINT_WORDS }, (_, word) => word + 1),
  };
}

/** Traces over an environment of their own, with a clock that the test turns. */
async function ring(t: TestContext, dir = temporaryDirectory(t)) {
  const clock = { now: START };
  const environment = await openEnvironment({
    dir,
    mapBytesMax: 2 ** 30,
    sync: true,
    fingerprint: keys.fingerprint,
    log: QUIET,
  });
  const now = () => clock.now;
  const writer = new Writer({ environment, dir, log: QUIET, now });
  const bounds = { tracesBytesMax: BYTES_MAX, tracesDays: 7 };
  const facts = new LMDBFacts({ environment, writer, now, factRecordsMax: 100 });
  const traces = new LMDBTraces({
    environment,
    writer,
    cipher: new BlockCipher(keys.masked),
    mask: keys.trace,
    now,
    bounds,
    pastKeys: new PastKeys({ facts, now, bounds }),
    ids: new DerivedIds(keys),
    tracedPairsMax: 100,
  });
  const close = async () => {
    await writer.close();
    await environment.root.close();
  };
  return { clock, environment, traces, close, dir };
}

describe('the ring of traces', () => {
  it('drops the oldest blocks when there are too many bytes', async (t) => {
    const { traces, close, clock } = await ring(t);
    const ids: string[] = [];
    for (let i = 0; i < 2000; i++) {
      ids.push(traces.append(traceOf(i, clock.now), undefined));
      if (i % 50 === 49) await traces.finish();
      assert.ok(traces.bytes <= BYTES_MAX, `${traces.bytes} bytes`);
    }
    const left = ids.map((id) => traces.read(id, undefined)?.total);
    const first = left.indexOf(1999) - left.filter((total) => total !== undefined).length + 1;
    assert.deepEqual(
      left.slice(first),
      Array.from({ length: 2000 - first }, (_, i) => first + i),
    );
    assert.ok(first > 1000 && first < 1800, `${first} of 2000 dropped`);
    await close();
  });

  it('drops blocks that are past their days, from the disk as well', async (t) => {
    const { traces, close, clock, environment } = await ring(t);
    const old = traces.append(traceOf(1, clock.now), undefined);
    await traces.finish();
    clock.now += 4 * DAY;
    const young = traces.append(traceOf(2, clock.now), undefined);
    await traces.finish();
    assert.equal(environment.traces.getKeysCount(), 2);
    clock.now += 3 * DAY + 1;
    assert.equal(traces.read(old, undefined), undefined);
    await traces.finish();
    assert.equal(environment.traces.getKeysCount(), 1);
    assert.equal(traces.read(young, undefined)?.total, 2);
    await close();
  });

  it('knows its bytes and goes on numbering after a new start', async (t) => {
    const first = await ring(t);
    const before = first.traces.append(traceOf(1, START), undefined);
    await first.traces.finish();
    const { bytes } = first.traces;
    await first.close();
    const second = await ring(t, first.dir);
    assert.equal(second.traces.bytes, bytes);
    const after = second.traces.append(traceOf(2, START), undefined);
    assert.ok(parseTraceId(after)!.block > parseTraceId(before)!.block);
    assert.equal(second.traces.read(before, undefined)?.total, 1);
    await second.close();
  });

  it('closes a block after a second and writes it by steps', async (t) => {
    const { traces, close, clock, environment } = await ring(t);
    traces.append(traceOf(1, clock.now), undefined);
    traces.step();
    assert.equal(environment.traces.getKeysCount(), 0);
    clock.now += 1000;
    traces.step();
    await traces.finish();
    assert.equal(environment.traces.getKeysCount(), 1);
    await close();
  });

  it('waits where LMDB has given up on its files, and drops what is past later', async (t) => {
    const { traces, close, clock, environment } = await ring(t);
    traces.append(traceOf(1, clock.now), undefined);
    await traces.finish();
    clock.now += 8 * DAY;
    const table = environment.traces;
    const getRange = (): never => {
      throw new Error('MDB_PANIC');
    };
    Object.assign(environment, { traces: { getRange } });
    await traces.finish();
    Object.assign(environment, { traces: table });
    await traces.finish();
    assert.equal(environment.traces.getKeysCount(), 0);
    await close();
  });

  it('keeps the longest trace, and cuts what is longer', async (t) => {
    const { traces, close, clock } = await ring(t);
    for (const tokens of [0, 1, 128, 200]) {
      const id = traces.append(traceOf(tokens, clock.now, tokens), undefined);
      const read = traces.read(id, undefined)!;
      assert.equal(read.sids.length, 16 * Math.min(tokens, 128));
    }
    await close();
  });

  it('reads amid what waits to be sealed, and goes on', async (t) => {
    const { traces, close, clock } = await ring(t);
    const ids: string[] = [];
    for (let i = 0; i < 200; i++) {
      ids.push(traces.append(traceOf(i, clock.now), undefined));
      if (i % 7 === 0) assert.equal(traces.read(ids[i >> 1]!, undefined)?.total, i >> 1);
    }
    assert.deepEqual(
      ids.map((id) => traces.read(id, undefined)?.total),
      ids.map((_, i) => i),
    );
    await close();
  });

  it('finds nothing at any other place, be it of the same owner', async (t) => {
    const { traces, close, clock } = await ring(t);
    const ids = [1, 2, 3].map((total) => traces.append(traceOf(total, clock.now), undefined));
    const address = parseTraceId(ids[1]!)!;
    for (let place = 0; place <= 0xffff; place += place < 100 ? 1 : 97) {
      const found = traces.read(formatTraceId({ ...address, place }), undefined);
      assert.equal(found?.total, place === address.place ? 2 : undefined, `${place}`);
    }
    await close();
  });

  it('seals the same trace another way each time: no 16 bytes are alike', async (t) => {
    const { traces, close, clock, environment } = await ring(t);
    for (let i = 0; i < 500; i++) traces.append(traceOf(1, clock.now), undefined);
    await traces.finish();
    const seen = new Set<string>();
    let places = 0;
    for (const { value } of environment.traces.getRange({}))
      for (let at = 16; at < value.length; at += 16, places++)
        seen.add(value.toString('latin1', at, at + 16));
    assert.ok(places > 10_000);
    assert.equal(seen.size, places);
    await close();
  });

  it('takes token ids at any place in memory', async (t) => {
    const { traces, close, clock } = await ring(t);
    const sids = Buffer.concat([Buffer.alloc(1), Buffer.from('0123456789abcdef')]).subarray(1);
    const id = traces.append({ ...traceOf(1, clock.now), sids }, undefined);
    assert.equal(traces.read(id, undefined)?.sids.toString('latin1', 0, 8), '01234567');
    await close();
  });
});

describe('a trace id', () => {
  const ADDRESS = fc.record({
    at: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    block: fc.integer({ min: 0, max: 2 ** 40 - 1 }),
    place: fc.integer({ min: 0, max: 0xffff }),
    check: fc.integer({ min: 0, max: 0xffffff }),
  });

  it('says where the trace lies', () => {
    fc.assert(
      fc.property(ADDRESS, (address) => {
        const id = formatTraceId(address);
        assert.match(id, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
        assert.deepEqual(parseTraceId(id), { ...address });
      }),
      { seed: 1 },
    );
  });

  it('is sorted by time', () => {
    fc.assert(
      fc.property(ADDRESS, ADDRESS, (a, b) => {
        fc.pre(a.at !== b.at);
        assert.equal(formatTraceId(a) < formatTraceId(b), a.at < b.at);
      }),
      { seed: 2 },
    );
  });
});
