import net from 'node:net';
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { createAnswerScanner } from './answers.ts';
import { buildFrames, type Frames, type FramesOptions } from './frames.ts';
import { createMessages } from './generator.ts';
import { cpuNanoseconds, type Percentiles, percentiles } from './measure.ts';
import { createPhraseBank } from './phrases.ts';

/** What the load generator is told once, as its argument. */
export interface LoadSetup {
  readonly seed: number;
  readonly users: number;
  readonly phrasesMax: number;
}

/** One run against one server. `pace`: so many in flight, or so many a second however the server answers. */
export interface LoadOrder extends FramesOptions {
  readonly socketPath: string;
  readonly serverPid: number;
  readonly pace: { readonly inFlight: number } | { readonly perSecond: number };
}

/** What a run measured after its warm-up. Percentages of nothing are 0. */
export interface LoadResult extends Percentiles {
  readonly per_s: number;
  /** CPU time of the server ÷ answers. */
  readonly serverCpuUs: number;
  /** CPU time of the generator ÷ time: how much of a core it took. */
  readonly loadCores: number;
  /** Share of requests sent more than `LATE_NS` after they were due; 0 for a closed loop. */
  readonly lateShare: number;
  /** Answers other than 0 EX_OK. */
  readonly errors: number;
  /** Bytes of the answers' most usual length. */
  readonly answerBytes: number;
  /** How often each `Verdict` was seen during the warm-up. */
  readonly verdicts: Readonly<Record<string, number>>;
}

const setup = JSON.parse(process.argv[2] ?? '{}') as LoadSetup;
const messages = createMessages(createPhraseBank(setup.seed, setup.phrasesMax), setup.seed, setup.users);

/**
 * Before everything else that wants a core: a generator that waits for one measures its own delay. It takes less than half a
 * core, or the run is void. Only root may; elsewhere it goes on as it is.
 */
function hurry(): void {
  try {
    os.setPriority(os.constants.priority.PRIORITY_HIGHEST);
  } catch {
    // The late sends of a run tell whether it was needed.
  }
}

hurry();
process.on('message', async (order: LoadOrder) => {
  process.send?.(await run(order));
});

async function run(order: LoadOrder): Promise<LoadResult> {
  const { pace } = order;
  const spare = 'inFlight' in pace ? pace.inFlight : 0;
  const frames = buildFrames(messages, { ...order, count: order.count + spare });
  const tally = new Tally(order, frames.count);
  const socket = await connect(order.socketPath, (bytes) => tally.read(bytes));
  try {
    const lateShare =
      'inFlight' in pace
        ? await closedLoop(socket, frames, { tally, inFlight: pace.inFlight })
        : await openLoop(socket, frames, { tally, perSecond: pace.perSecond, warmup: order.warmup });
    return { ...tally.result(), lateShare };
  } finally {
    socket.destroy();
  }
}

/** One buffer for all reads: far cheaper than the socket's stream, whose cost would count as the generator's. */
async function connect(path: string, onBytes: (bytes: Buffer) => void): Promise<net.Socket> {
  const buffer = Buffer.alloc(READ_BYTES);
  const callback = (count: number): boolean => {
    onBytes(buffer.subarray(0, count));
    return true;
  };
  const socket = net.connect({ path, onread: { buffer, callback } });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

const READ_BYTES = 65_536;

interface ClosedLoop {
  readonly tally: Tally;
  readonly inFlight: number;
}

/** Keeps `inFlight` requests under way until all are answered; resolves with the share of late sends: none. */
function closedLoop(socket: net.Socket, frames: Frames, { tally, inFlight }: ClosedLoop): Promise<number> {
  let sent = 0;
  const send = (count: number): void => {
    const until = Math.min(sent + count, frames.count);
    if (until === sent) return;
    tally.sentAt.fill(now(), sent, until);
    socket.write(frames.bytes.subarray(frames.offsets[sent], frames.offsets[until]));
    sent = until;
  };
  const done = tally.finish(socket, send).then(() => 0);
  send(inFlight);
  return done;
}

interface OpenLoop {
  readonly tally: Tally;
  readonly perSecond: number;
  readonly warmup: number;
}

/**
 * Sends at fixed times from a thread of its own, which sleeps in between to the microsecond: timers of the event loop know
 * milliseconds only. This thread reads the answers.
 */
async function openLoop(
  socket: net.Socket,
  frames: Frames,
  { tally, perSecond, warmup }: OpenLoop,
): Promise<number> {
  const intervalNs = 1e9 / perSecond;
  const startNs = now() + THREAD_START_NS;
  for (let i = 0; i < frames.count; i++) tally.sentAt[i] = startNs + i * intervalNs;
  // The handle's descriptor is not public; a socket cannot be shared between threads in any other way.
  const { fd } = (socket as unknown as { readonly _handle: { readonly fd: number } })._handle;
  const sender = new Worker(new URL('./sender.js', import.meta.url), {
    workerData: {
      fd,
      bytes: frames.bytes,
      offsets: frames.offsets,
      dueAt: tally.sentAt,
      warmup,
      lateNs: LATE_NS,
    },
  });
  const late = new Promise<number>((resolve, reject) =>
    sender.once('message', resolve).once('error', reject),
  );
  await tally.finish(socket);
  return (await late) / (frames.count - warmup);
}

/** Time for the sending thread to come up. */
const THREAD_START_NS = 300e6;
/** A send this much behind its time is late: a gap of the scheduler, not of the timer. */
const LATE_NS = 1e6;
/** Without an answer for so long, a run has failed. */
const SILENCE_MS = 10_000;

/** Counts answers from the end of the warm-up to the last but the spare ones, and what they cost both sides. */
class Tally {
  /** When each request was sent, or was due, in nanoseconds. */
  readonly sentAt: Float64Array;
  readonly #order: LoadOrder;
  readonly #latencies: Float64Array;
  readonly #lengths = new Map<number, number>();
  readonly #verdicts: Record<string, number> = {};
  readonly #scan = createAnswerScanner((id, status, bytes) => this.#count(id, status, bytes));
  #onAnswers: (count: number) => void = () => undefined;
  #onLast: () => void = () => undefined;
  #readAt = 0;
  #answers = 0;
  #errors = 0;
  #begin: Mark | undefined;
  #end: Mark | undefined;

  constructor(order: LoadOrder, frameCount: number) {
    this.#order = order;
    this.sentAt = new Float64Array(frameCount);
    this.#latencies = new Float64Array(order.count);
  }

  /** Resolves after the last answer; `onAnswers` is called with the number of answers after each read. */
  finish(socket: net.Socket, onAnswers?: (count: number) => void): Promise<void> {
    if (onAnswers) this.#onAnswers = onAnswers;
    return new Promise((resolve, reject) => {
      this.#onLast = resolve;
      socket.on('error', reject);
      socket.on('close', () => reject(new Error(`the server closed after ${this.#answers} answers`)));
      socket.setTimeout(SILENCE_MS, () => reject(new Error(`no answer for ${SILENCE_MS} ms`)));
    });
  }

  read(chunk: Buffer): void {
    this.#readAt = now();
    const before = this.#answers;
    if (before < this.#order.warmup) this.#countVerdicts(chunk);
    this.#scan(chunk);
    this.#onAnswers(this.#answers - before);
    if (this.#answers === this.sentAt.length) this.#onLast();
  }

  #count(id: number, status: number, bytes: number): void {
    const { warmup, count } = this.#order;
    const index = this.#answers++ - warmup;
    if (status !== 0) this.#errors++;
    if (index === 0) this.#begin = mark(this.#order.serverPid);
    if (index < 0 || index >= count) return;
    this.#latencies[index] = this.#readAt - this.sentAt[id]!;
    if (index < LENGTHS_SAMPLED) this.#lengths.set(bytes, (this.#lengths.get(bytes) ?? 0) + 1);
    if (index === count - 1) this.#end = mark(this.#order.serverPid);
  }

  #countVerdicts(chunk: Buffer): void {
    for (const [, verdict] of chunk.toString('latin1').matchAll(/\r\nVerdict: (\w{1,16})/g)) {
      this.#verdicts[verdict!] = (this.#verdicts[verdict!] ?? 0) + 1;
    }
  }

  result(): Omit<LoadResult, 'lateShare'> {
    const [begin, end] = [this.#begin!, this.#end!];
    const { count } = this.#order;
    const usual = [...this.#lengths].toSorted((a, b) => b[1] - a[1])[0];
    return {
      per_s: (count - 1) / ((end.at - begin.at) / 1e9),
      ...percentiles(this.#latencies),
      serverCpuUs: (end.serverCpuNs - begin.serverCpuNs) / 1000 / (count - 1),
      loadCores: ((end.loadCpuUs - begin.loadCpuUs) * 1000) / (end.at - begin.at),
      errors: this.#errors,
      answerBytes: usual?.[0] ?? 0,
      verdicts: this.#verdicts,
    };
  }
}

const LENGTHS_SAMPLED = 2000;

interface Mark {
  readonly at: number;
  readonly serverCpuNs: number;
  readonly loadCpuUs: number;
}

function mark(serverPid: number): Mark {
  const { user, system } = process.cpuUsage();
  return { at: now(), serverCpuNs: cpuNanoseconds(serverPid), loadCpuUs: user + system };
}

/** Nanoseconds of the monotonic clock, the same in all threads. */
function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}
