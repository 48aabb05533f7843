import { randomBytes } from 'node:crypto';
import type { BlockCipher } from '../crypto.ts';
import type { DerivedIds } from '../keyed-ids.ts';
import { metaKey, numberKey, readNumberKey } from '../keys.ts';
import type { StoreBounds } from '../options.ts';
import type { Trace, Traces, User } from '../store.ts';
import { type Environment, readForTimer } from './environment.ts';
import { LastTraces } from './last-traces.ts';
import type { LocalUser } from './local-user.ts';
import { MaskedCipher } from './masked-cipher.ts';
import type { PastKeys } from './past-keys.ts';
import { closedAt, OpenBlock, readTrace } from './trace-block.ts';
import { formatTraceId, parseTraceId, type TraceAddress } from './trace-id.ts';
import { decodeTrace, encodeTrace } from './trace-record.ts';
import type { Writer } from './writer.ts';

/** An open block is closed at this age, so that a crash loses no more. */
const OPEN_MS_MAX = 1000;
/** Closed blocks that wait to be written; beyond it the oldest is lost (only while nothing can be written). */
const WAITING_MAX = 256;
/** Blocks written, and as many dropped, in one step. */
const STEP_BLOCKS_MAX = 64;
const DROP_EVERY_MS = 1000;
const DAY_MS = 86_400_000;
const CHECKS = 4096;

export interface TracesOptions {
  readonly environment: Environment;
  readonly writer: Writer;
  readonly cipher: BlockCipher;
  /** Mask of what is no user's, 16 bytes. */
  readonly mask: Buffer;
  readonly now: () => number;
  readonly bounds: Pick<StoreBounds, 'tracesBytesMax' | 'tracesDays'>;
  readonly pastKeys: PastKeys;
  readonly ids: DerivedIds;
  /** Pairs of user and sender whose last trace is known. */
  readonly tracedPairsMax: number;
}

/** A ring of blocks: new ones at its end, the oldest dropped by age and by bytes. */
export class LMDBTraces implements Traces {
  readonly #options: TracesOptions;
  readonly #salt = randomBytes(4).readUInt32LE(0);
  readonly #cipher: MaskedCipher;
  readonly #last: LastTraces;
  #open: OpenBlock | undefined;
  #nextBlock: number;
  /** Closed and not yet on disk. */
  readonly #waiting = new Map<number, Buffer>();
  #writing: Promise<void> | undefined;
  #bytes: number;
  #droppedAt = 0;
  /** Random checks made in one go: one call for each costs as much as sealing. */
  #checks = Buffer.alloc(0);
  #checkAt = 0;

  constructor(options: TracesOptions) {
    this.#options = options;
    this.#cipher = new MaskedCipher(options.cipher, options.mask);
    const { traces, meta } = options.environment;
    this.#bytes = meta.get(metaKey('traces'))?.readDoubleLE(0) ?? 0;
    const [last] = traces.getKeys({ reverse: true, limit: 1 });
    this.#nextBlock = last === undefined ? 1 : readNumberKey(last) + 1;
    this.#last = new LastTraces(options.tracedPairsMax);
    this.#last.restore(meta.get(metaKey('last-traces')) ?? Buffer.alloc(0));
  }

  /** Bytes of all blocks on disk. */
  get bytes(): number {
    return this.#bytes;
  }

  append(trace: Trace, user: User | undefined): string {
    const check = this.#nextCheck();
    const text = encodeTrace(trace, user?.id ?? '', check);
    if (this.#open?.hasRoomFor(text) === false) this.#closeBlock();
    this.#open ??= this.#openBlock();
    const place = this.#open.append(text, this.#cipherOf(user));
    const address = { at: Math.floor(trace.at), block: this.#open.number, place, check };
    if (user?.keyState === 'ok' && trace.senderId !== '')
      this.#last.set(this.#options.ids.pairWords(user.id, trace.senderId), address, trace.verdict === 'spam');
    return formatTraceId(address);
  }

  last(user: User, senderId: string): string | undefined {
    const address = this.#last.get(this.#options.ids.pairWords(user.id, senderId));
    return address === undefined ? undefined : formatTraceId(address);
  }

  read(id: string, user: User | undefined): Trace | undefined {
    const address = parseTraceId(id);
    if (address === undefined || this.#isPast(address.at)) return undefined;
    return (
      this.#readUnder(this.#cipherOf(user), address, user) ??
      this.#pastCiphersOf(user)
        .map((cipher) => this.#readUnder(cipher, address, user))
        .find((trace) => trace !== undefined)
    );
  }

  /** Closes a block that has been open long enough, writes what waits, drops what is past: one bounded step at a time. */
  step(): void {
    const { writer, now } = this.#options;
    if (this.#open !== undefined && now() - this.#open.openedAt >= OPEN_MS_MAX) this.#closeBlock();
    if (this.#writing !== undefined || writer.state === 'degraded') return;
    const isDropDue = Math.abs(now() - this.#droppedAt) >= DROP_EVERY_MS;
    if (this.#waiting.size === 0 && !isDropDue) return;
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async finish(): Promise<void> {
    await this.#writing;
    this.#closeBlock();
    do {
      if (this.#options.writer.state === 'degraded') return;
      await this.#write();
    } while (this.#waiting.size > 0);
    await this.#writeLast();
  }

  /** Only at the end: after a crash the pairs of before the last start are known. */
  async #writeLast(): Promise<void> {
    const { environment, writer } = this.#options;
    const pairs = this.#last.encode();
    // The writer has said why it could not.
    await writer
      .commit(() => void environment.meta.put(metaKey('last-traces'), pairs))
      .catch(() => undefined);
  }

  /** Read anew for each key: what LMDB hands out is overwritten at its next read. */
  #readUnder(cipher: MaskedCipher, address: TraceAddress, user: User | undefined): Trace | undefined {
    const block = this.#block(address);
    const text = block === undefined ? undefined : readTrace(block, address, cipher);
    const trace = text === undefined ? undefined : decodeTrace(text, user?.id ?? '', address.check);
    return trace !== undefined && Math.floor(trace.at) === address.at ? trace : undefined;
  }

  #openBlock(): OpenBlock {
    const { now, cipher } = this.#options;
    return new OpenBlock(now(), { block: this.#nextBlock++, salt: this.#salt }, cipher);
  }

  #closeBlock(): void {
    if (this.#open === undefined) return;
    this.#waiting.set(this.#open.number, this.#open.view(this.#options.now()));
    this.#open = undefined;
    if (this.#waiting.size > WAITING_MAX) this.#waiting.delete(this.#waiting.keys().next().value!);
  }

  async #write(): Promise<void> {
    const { environment, writer, now } = this.#options;
    const blocks = [...this.#waiting].slice(0, STEP_BLOCKS_MAX);
    const added = blocks.reduce((sum, [, block]) => sum + block.length, 0);
    const dropped = readForTimer(() => this.#findDropped(added)) ?? { keys: [], bytes: 0 };
    this.#droppedAt = now();
    if (blocks.length + dropped.keys.length === 0) return;
    const bytes = this.#bytes + added - dropped.bytes;
    const total = Buffer.allocUnsafeSlow(8);
    total.writeDoubleLE(bytes, 0);
    try {
      await writer.commit(() => {
        for (const [number, block] of blocks) void environment.traces.put(numberKey(number), block);
        for (const key of dropped.keys) void environment.traces.remove(key);
        void environment.meta.put(metaKey('traces'), total);
      });
    } catch {
      // The writer has said so; the blocks go on waiting.
      return;
    }
    this.#bytes = bytes;
    for (const [number] of blocks) this.#waiting.delete(number);
  }

  /** The oldest blocks that are past, or in the way of `added` new bytes. */
  #findDropped(added: number): { keys: Buffer[]; bytes: number } {
    const { environment, bounds } = this.#options;
    const keys: Buffer[] = [];
    let bytes = 0;
    if (this.#bytes === 0) return { keys, bytes };
    for (const { key, value } of environment.traces.getRange({ limit: STEP_BLOCKS_MAX })) {
      const isInTheWay = this.#bytes + added - bytes > bounds.tracesBytesMax;
      if (!isInTheWay && !this.#isPast(closedAt(Buffer.from(value)))) break;
      keys.push(Buffer.from(key));
      bytes += value.length;
    }
    return { keys, bytes };
  }

  #isPast(at: number): boolean {
    return this.#options.now() - at > this.#options.bounds.tracesDays * DAY_MS;
  }

  #block(address: TraceAddress): Buffer | undefined {
    if (this.#open?.number === address.block) return this.#open.view(this.#options.now());
    return this.#waiting.get(address.block) ?? this.#options.environment.traces.get(numberKey(address.block));
  }

  /** Traces of a user whose key is wrong are sealed with the daemon's. */
  #cipherOf(user: User | undefined): MaskedCipher {
    return (user as LocalUser | undefined)?.cipher ?? this.#cipher;
  }

  #pastCiphersOf(user: User | undefined): MaskedCipher[] {
    return user === undefined ? [] : this.#options.pastKeys.of(user as LocalUser);
  }

  #nextCheck(): number {
    if (this.#checkAt >= this.#checks.length) {
      this.#checks = randomBytes(3 * CHECKS);
      this.#checkAt = 0;
    }
    this.#checkAt += 3;
    return this.#checks.readUIntBE(this.#checkAt - 3, 3);
  }
}
