import { SCRIPTS } from '../../text/scripts.ts';
import { ID_BYTES } from '../keyed-ids.ts';
import { STRIDE_WORDS, tokenWords } from '../token-words.ts';
import { addLesson, noLessons, type Totals } from '../totals.ts';
import type { Learnt } from './lesson-record.ts';

interface HostEntry extends Totals {
  readonly id: Buffer;
}

/** Bytes of one host in a checkpoint: its id, then lessons of spam by script, f64 each, then those of ham. */
const HOST_BYTES = ID_BYTES + 2 * 8 * SCRIPTS;

/** How many lessons each virtual host has taught. One that has none is not known. */
export class HostTotals {
  readonly #byHost = new Map<string, HostEntry>();

  get count(): number {
    return this.#byHost.size;
  }

  /** @param host keyed id, 32 hex digits */
  of(host: string): HostEntry | undefined {
    return this.#byHost.get(host);
  }

  /** @param learnt as the host's table has it */
  add(id: Buffer, learnt: Learnt, sign: 1 | -1): void {
    const host = id.toString('hex');
    const totals = this.#byHost.get(host) ?? { id, ...noLessons() };
    addLesson(totals, learnt, sign);
    if (totals.spam[0]! > 0 || totals.ham[0]! > 0) this.#byHost.set(host, totals);
    else this.#byHost.delete(host);
  }

  encode(): Buffer {
    const bytes = Buffer.allocUnsafeSlow(HOST_BYTES * this.count);
    let at = 0;
    for (const [host, { spam, ham }] of this.#byHost) {
      bytes.write(host, at, 'hex');
      for (const [i, total] of [...spam, ...ham].entries()) bytes.writeDoubleLE(total, at + ID_BYTES + 8 * i);
      at += HOST_BYTES;
    }
    return bytes;
  }

  /** @param bytes as `encode` returned them */
  load(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += HOST_BYTES) {
      const total = (i: number) => bytes.readDoubleLE(at + ID_BYTES + 8 * i);
      const host = bytes.toString('hex', at, at + ID_BYTES);
      this.#byHost.set(host, {
        id: Buffer.from(host, 'hex'),
        spam: Float64Array.from({ length: SCRIPTS }, (_, script) => total(script)),
        ham: Float64Array.from({ length: SCRIPTS }, (_, script) => total(SCRIPTS + script)),
      });
    }
  }
}

/** Ids of tokens in the table of a host, stride 16, as `learntByHost` has those of a lesson. @param into has room for as many words */
export function hostIds(
  ids: Buffer,
  count: number,
  { host, into }: { host: Buffer; into: Int32Array },
): Buffer {
  const words = tokenWords(ids, count);
  const first = host.readInt32LE(0);
  const second = host.readInt32LE(4);
  for (let at = 0; at < count * STRIDE_WORDS; at += STRIDE_WORDS) {
    into[at] = words[at]! ^ first;
    into[at + 1] = words[at + 1]! ^ second;
    into[at + 2] = words[at + 2]!;
  }
  return Buffer.from(into.buffer, into.byteOffset, count * 4 * STRIDE_WORDS);
}
