import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RateTable } from '../src/live/rate-table.ts';

const OPTIONS = {
  stanzasBurst: 10,
  stanzasPerMinute: 6,
  recipientsBurst: 4,
  recipientsPerHour: 60,
  sendersMax: 1_024,
};
const START = 1_700_000_000_000;

function id(number: number): string {
  return (number * 2_654_435_761).toString(16).padStart(16, '0').slice(-16).padEnd(32, '0');
}

describe('the rate table', () => {
  it('counts every stanza of a burst', () => {
    const rates = new RateTable(OPTIONS);
    for (let count = 1; count <= 100; count += 1)
      assert.ok(Math.abs(rates.touch(id(1), 0, START).stanzas - count / 10) < 1e-5);
  });

  it('forgives with time', () => {
    const rates = new RateTable(OPTIONS);
    for (let count = 0; count < 10; count += 1) rates.touch(id(1), 7, START);
    assert.ok(Math.abs(rates.touch(id(1), 7, START + 60_000).stanzas - 0.5) < 1e-5);
    assert.ok(Math.abs(rates.touch(id(1), 7, START + 3_600_000).stanzas - 0.1) < 1e-5);
  });

  it('counts distinct recipients, not stanzas, in the second bucket', () => {
    const rates = new RateTable(OPTIONS);
    for (let count = 0; count < 50; count += 1) rates.touch(id(1), 1 + (count % 2), START);
    assert.equal(rates.touch(id(1), 1, START).recipients, 2 / 4);
    for (let tag = 10; tag < 18; tag += 1) rates.touch(id(2), tag, START);
    assert.equal(rates.touch(id(2), 0, START).recipients, 8 / 4);
  });

  it('keeps what was sent when the allowances change', () => {
    const rates = new RateTable(OPTIONS);
    for (let tag = 1; tag <= 8; tag += 1) rates.touch(id(1), tag, START);
    rates.allow({ ...OPTIONS, stanzasBurst: 3, recipientsBurst: 2 });
    assert.deepEqual({ ...rates.touch(id(1), 0, START) }, { stanzas: 9 / 3, recipients: 8 / 2 });
    rates.allow({ ...OPTIONS, stanzasBurst: 100, recipientsBurst: 16, stanzasPerMinute: 1 });
    const { stanzas, recipients } = rates.touch(id(1), 0, START + 60_000);
    assert.ok(Math.abs(stanzas - 9 / 100) < 1e-6);
    assert.ok(Math.abs(recipients - 7 / 16) < 1e-6);
  });

  it('keeps senders apart', () => {
    const rates = new RateTable(OPTIONS);
    for (let count = 0; count < 30; count += 1) rates.touch(id(1), 1, START);
    assert.ok(Math.abs(rates.touch(id(2), 1, START).stanzas - 0.1) < 1e-6);
  });

  it('holds its size under a flood of new senders, and evicts those longest silent', () => {
    const rates = new RateTable(OPTIONS);
    for (let number = 0; number < 50_000; number += 1) {
      rates.touch(id(1), 1, START + number);
      rates.touch(id(2 + number), 1, START + number);
    }
    assert.ok(rates.touch(id(1), 1, START + 50_000).stanzas > 30, 'the busy sender was forgotten');
  });

  it('never lets a level grow so far that it does not drain', () => {
    const rates = new RateTable(OPTIONS);
    for (let count = 0; count < 10_000; count += 1) rates.touch(id(1), 0, START);
    assert.ok(rates.touch(id(1), 0, START).stanzas <= 32);
  });

  it('does not run backwards when the clock does', () => {
    const rates = new RateTable(OPTIONS);
    rates.touch(id(1), 0, START);
    assert.ok(Math.abs(rates.touch(id(1), 0, START - 60_000).stanzas - 0.2) < 1e-6);
  });
});
