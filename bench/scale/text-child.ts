import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sampleOfText } from '../../src/cli/eval-judge.ts';
import { defaultConfig } from '../../src/config/load.ts';
import { factBits } from '../../src/filters/facts.ts';
import { LinearFitter } from '../../src/linear/fitter.ts';
import { RateTable } from '../../src/live/rate-table.ts';
import type { Sample } from '../../src/model/sample.ts';
import { createFilters, fitterBounds, rulesOf } from '../../src/pipeline/create.ts';
import { Gather, type Subject } from '../../src/pipeline/gather.ts';
import { NO_TEXT, TextCache } from '../../src/pipeline/text-cache.ts';
import { openStore } from '../../src/store/lmdb/store.ts';
import { loadStarter } from '../../src/store/starter.ts';
import type { Store, User } from '../../src/store/store.ts';
import { extractFeatures } from '../../src/text/extract.ts';
import { sidsOf, slotsOf } from '../../src/verbs/lesson-tokens.ts';
import { userJID } from '../frames.ts';
import { createRandom } from '../random.ts';
import { STAGES, type StageCosts, type TextRuns } from './text.ts';
import { type Texts, textsOf } from './texts.ts';

const USERS = 1_000;
const LESSONS_PER_USER = 60;
const BATCH = 512;
const WARM_UP_ROUNDS = 3;
const NONE = Buffer.alloc(0);

process.once('message', async (rounds: number) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'providence-bench-'));
  try {
    process.send?.(await measure(directory, rounds));
  } finally {
    rmSync(directory, { recursive: true });
    process.disconnect();
  }
});

interface Room {
  readonly store: Store;
  readonly linear: LinearFitter;
  readonly users: readonly User[];
}

async function measure(directory: string, rounds: number): Promise<TextRuns> {
  const texts = textsOf();
  const config = defaultConfig();
  const store = await openStore({
    dir: path.join(directory, 'store'),
    secret: Buffer.alloc(32, 1),
    now: Date.now,
    log: { info: () => undefined, warn: complain, error: complain },
    serverTokensMax: config.bayes.server.tokens_max,
    starter: loadStarter(config.bayes.starter),
    sync: false,
  });
  const linear = new LinearFitter({
    lessons: store.lessons,
    bounds: fitterBounds(config),
    fitted: () => undefined,
  });
  try {
    const users = Array.from({ length: USERS }, (_, index) => store.users.open(userJID(index), undefined));
    await teach(store, texts, users);
    await linear.settle();
    const room = { store, linear, users };
    const samples = texts.judged.map(sampleOfText);
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) runStages(room, samples);
    const runs = Array.from({ length: rounds }, () => runStages(room, samples));
    return { runs, judged: samples.length, source: texts.source };
  } finally {
    await linear.close();
    await store.close();
  }
}

function complain(fields: object, message: string): void {
  console.error(message, fields);
}

/** The operator teaches all, and each user some. */
async function teach(store: Store, { lessons }: Texts, users: readonly User[]): Promise<void> {
  const random = createRandom(1);
  const all: (readonly [Texts['lessons'][number], User | undefined])[] = [
    ...lessons.map((lesson) => [lesson, undefined] as const),
    ...users.flatMap((user) =>
      Array.from({ length: LESSONS_PER_USER }, () => [random.pick(lessons), user] as const),
    ),
  ];
  const texts = new TextCache(store.ids, 2 ** 20);
  for (let from = 0; from < all.length; from += BATCH)
    await Promise.all(
      all.slice(from, from + BATCH).map(([{ label, text }, user]) => {
        const known = texts.of([{ source: 'body', lang: '', text }]);
        const sids = sidsOf({ texts: known });
        return store.lessons.teach({
          label,
          id: store.ids.lesson(user?.id ?? '', known.id, ''),
          reporterId: user?.id,
          user,
          sids,
          slots: slotsOf({ texts: known }),
          fingerprint: known.fingerprint,
          senderId: '',
          uids: user?.tokens(sids) ?? NONE,
          at: Date.now(),
        });
      }),
    );
}

/** Each stage does what the one before does, and one thing more; what that costs is their difference. */
function runStages(room: Room, judged: readonly Sample[]): StageCosts {
  const costs: number[] = [];
  for (const stage of STAGES) {
    const run = stageOf(stage, room);
    const before = process.cpuUsage();
    for (let index = 0; index < judged.length; index += 1) run(judged[index]!, index);
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / judged.length);
  }
  return costs;
}

type Run = (sample: Sample, index: number) => unknown;

function stageOf(stage: (typeof STAGES)[number], { store, linear, users }: Room): Run {
  if (stage === 'features') return ({ texts }) => extractFeatures(texts[0]!.text);
  const config = defaultConfig();
  const rates = new RateTable({ ...rulesOf(config).allowances, sendersMax: 1_000 });
  const gather = new Gather({ store, rates, linear });
  // Anew for each run: all texts are new to it.
  const cache = new TextCache(store.ids, config.cache.texts_bytes_max);
  if (stage === 'ids') return ({ texts }) => cache.of(texts);
  const units = UNITS[stage];
  const filters = createFilters(config).filter(({ name }) => units.includes(name));
  const wanted = factBits(filters.flatMap(({ wants }) => wants));
  const readsUser = units.includes('bayes.user');
  return (sample, index) => {
    const texts = cache.of(sample.texts);
    const user = readsUser ? users[(index * STEP) % USERS] : undefined;
    const uids = user === undefined ? [] : texts.sids.map((sids) => user.tokens(sids));
    const ids = gather.idsOf(sample, texts.id, user);
    const subject: Subject = { sample, texts, user, uids, ids, stretches: 0 };
    const facts = gather.touch({ ...subject, texts: NO_TEXT }, 0);
    gather.read(subject, wanted, facts);
    for (const filter of filters) said = filter.judge(sample, facts, 0);
  };
}

/** Another user for each message, in no order. */
const STEP = 7_919;
const UNITS: Readonly<Record<Exclude<(typeof STAGES)[number], 'features' | 'ids'>, readonly string[]>> = {
  server: ['bayes.server'],
  user: ['bayes.server', 'bayes.user'],
  linear: ['bayes.server', 'bayes.user', 'linear.server'],
};
/** Kept, so that the compiler cannot drop what is measured. */
export let said: unknown;
