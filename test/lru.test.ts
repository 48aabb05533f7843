import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LRU } from '../src/lru.ts';

describe('LRU', () => {
  it('never holds more than its bound', () => {
    const lru = new LRU<number, number>(100);
    for (let key = 0; key < 10_000; key += 1) {
      lru.set(key, key);
      assert.ok(lru.size <= 100);
    }
    assert.equal(lru.get(9_999), 9_999);
    assert.equal(lru.get(0), undefined);
  });

  it('keeps what is asked for, however much else comes', () => {
    const lru = new LRU<number, number>(100);
    lru.set(-1, 7);
    for (let key = 0; key < 10_000; key += 1) {
      lru.set(key, key);
      assert.equal(lru.get(-1), 7);
    }
  });

  it('bounds by weight where entries have one', () => {
    const lru = new LRU<number, string>(100, (text) => text.length);
    for (let key = 0; key < 50; key += 1) lru.set(key, 'x'.repeat(20));
    assert.equal(lru.size, 5);
    lru.set(1, 'y'.repeat(500));
    assert.equal(lru.get(1), undefined);
    lru.set(2, 'z');
    assert.equal(lru.get(2), 'z');
  });

  it('tells whether there is room', () => {
    const lru = new LRU<number, string>(10, (text) => text.length);
    lru.set(1, 'x'.repeat(4));
    assert.deepEqual([lru.hasRoomFor(6), lru.hasRoomFor(7)], [true, false]);
  });

  it('replaces and deletes', () => {
    const lru = new LRU<string, number>(10);
    lru.set('a', 1);
    lru.set('a', 2);
    assert.equal(lru.get('a'), 2);
    lru.delete('a');
    assert.equal(lru.get('a'), undefined);
  });

  it('does not forget sooner because one key is set again and again', () => {
    const lru = new LRU<string, number>(10);
    lru.set('a', 1);
    for (let count = 0; count < 1_000; count += 1) lru.set('b', count);
    assert.equal(lru.get('a'), 1);
  });
});
