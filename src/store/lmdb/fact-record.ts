import { Packr } from 'msgpackr';
import type { SubjectKind } from '../../model/subject.ts';

/** Facts of one subject; the one that is past first makes room. */
const FACTS_MAX = 64;

export interface Fact {
  readonly expiresAt: number;
  readonly stamp: string;
  readonly value: unknown;
}

const packr = new Packr({ useRecords: false });

/** All that is known of one subject, each fact with its own expiry. */
export class FactRecord {
  readonly subject: SubjectKind;
  readonly id: string;
  readonly facts = new Map<string, Fact>();
  /** Was on disk, or was asked for or set a second time: worth a write. */
  isSeenAgain = false;

  constructor(subject: SubjectKind, id: string) {
    this.subject = subject;
    this.id = id;
  }

  /** When all of it is past. */
  get expiresAt(): number {
    let last = 0;
    for (const { expiresAt } of this.facts.values()) if (expiresAt > last) last = expiresAt;
    return last;
  }

  set(name: string, fact: Fact): void {
    if (this.facts.size >= FACTS_MAX && !this.facts.has(name)) this.facts.delete(this.#firstPast());
    this.facts.set(name, fact);
  }

  dropPast(now: number): void {
    for (const [name, { expiresAt }] of this.facts) if (expiresAt <= now) this.facts.delete(name);
  }

  #firstPast(): string {
    let first = '';
    let at = Number.POSITIVE_INFINITY;
    for (const [name, { expiresAt }] of this.facts) {
      if (expiresAt >= at) continue;
      first = name;
      at = expiresAt;
    }
    return first;
  }
}

/** `f64` when all of it is past, so that a sweep need not unpack it; then name, expiry, stamp and value of each fact. */
export function encodeFacts(record: FactRecord): Buffer {
  const flat: unknown[] = [];
  for (const [name, { expiresAt, stamp, value }] of record.facts) flat.push(name, expiresAt, stamp, value);
  const packed = packr.pack(flat);
  const bytes = Buffer.allocUnsafeSlow(8 + packed.length);
  bytes.writeDoubleLE(record.expiresAt, 0);
  bytes.set(packed, 8);
  return bytes;
}

export function decodeFacts(subject: SubjectKind, id: string, bytes: Buffer): FactRecord {
  const record = new FactRecord(subject, id);
  record.isSeenAgain = true;
  const flat = packr.unpack(bytes.subarray(8)) as unknown[];
  for (let i = 0; i + 3 < flat.length; i += 4)
    record.facts.set(flat[i] as string, {
      expiresAt: flat[i + 1] as number,
      stamp: flat[i + 2] as string,
      value: flat[i + 3],
    });
  return record;
}

/** When all of a record is past, without unpacking it. */
export function expiryOf(bytes: Buffer): number {
  return bytes.readDoubleLE(0);
}
