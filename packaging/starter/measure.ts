import { join } from 'node:path';
import { createJudge, type Judge } from '../../src/cli/eval-judge.ts';
import { type Config, schema } from '../../src/config/schema.ts';
import { decodeStarter, readStarter, SHIPPED_STARTER, type Starter } from '../../src/store/starter.ts';
import { buildStarter } from './build.ts';
import { CORPORA, type Message, type Row, readMessages, readRows } from './messages.ts';

/** Files of the eval folder that hold only ham. */
const HAM = ['irc-ham-en', 'nus-ham-en', 'nus-ham-zh', 'tatoeba-ham-multi'];
const BY_LANGUAGE = 'tatoeba-ham-multi';
const LANGUAGE_ROWS_MIN = 150;
/** Clusters are dealt into so many parts; the first one is what is reported, all of them show the noise. */
const PARTS = 5;

interface Judged {
  readonly row: Row;
  readonly isSpam: boolean;
  readonly total: number;
  readonly probability: number;
}

/** `npm run measure:starter`: what the shipped table does to ham, and its method to spam that it has not seen. */
const ham = await judgeHam();
const telegram = await judgeTelegram();
report(ham, telegram);

async function judgeHam(): Promise<Map<string, Judged[]>> {
  return withJudge(readStarter(SHIPPED_STARTER), (judge) => {
    const judged = HAM.map((name): [string, Judged[]] => {
      const rows = readRows(join(CORPORA, 'eval', `${name}.tsv`));
      return [name, judgeAll(judge, rows)];
    });
    return new Map(judged);
  });
}

/** Telegram spam of each part, judged by a table that was built without the part. */
async function judgeTelegram(): Promise<Judged[][]> {
  const messages = readMessages(join(CORPORA, 'train'));
  const parts: Judged[][] = [];
  for (let part = 0; part < PARTS; part += 1) {
    const starter = decodeStarter(buildStarter(messages.filter(({ cluster }) => partOf(cluster) !== part)));
    const rows = messages.filter((message) => isTelegramSpam(message) && partOf(message.cluster) === part);
    parts.push(await withJudge(starter, (judge) => judgeAll(judge, rows)));
  }
  return parts;
}

function isTelegramSpam({ label, source }: Message): boolean {
  return label === 'spam' && source.name.startsWith('telegram-');
}

/** By a hash of the cluster's number (Knuth's multiplicative one): neighbours in a file come into different parts. */
function partOf(cluster: number): number {
  return (Math.imul(cluster + 1, 0x9e3779b1) >>> 16) % PARTS;
}

async function withJudge<T>(starter: Starter, use: (judge: Judge) => T): Promise<T> {
  const config: Config = schema.parse({});
  const judge = await createJudge(config, starter);
  try {
    return use(judge);
  } finally {
    await judge.close();
  }
}

function judgeAll(judge: Judge, rows: readonly Row[]): Judged[] {
  return rows.map((row) => {
    const { verdict, total, probability } = judge.judge(row.text);
    return { row, isSpam: verdict === 'spam', total, probability };
  });
}

function report(files: ReadonlyMap<string, readonly Judged[]>, parts: readonly (readonly Judged[])[]): void {
  for (const [name, judged] of files) print(`ham blocked, ${name}: ${blocked(judged)}`);
  languages(files.get(BY_LANGUAGE) ?? []);
  const totals = [...files.values()].flat().map(({ total }) => total);
  const limit = percentile(totals, 0.99);
  print(`99th percentile of all this ham: ${limit.toFixed(3)} points`);
  for (const [part, judged] of parts.entries())
    print(`telegram spam, part ${part + 1}: ${caught(judged, limit)}`);
  print(`telegram spam, all parts: ${caught(parts.flat(), limit)}`);
}

function languages(judged: readonly Judged[]): void {
  const byLanguage = new Map<string, Judged[]>();
  for (const one of judged) byLanguage.set(one.row.lang, [...(byLanguage.get(one.row.lang) ?? []), one]);
  const all = [...byLanguage]
    .filter(([, rows]) => rows.length >= LANGUAGE_ROWS_MIN)
    .map(([lang, rows]) => ({ lang, rows, mean: mean(rows.map(({ probability }) => probability)) }))
    .sort((a, b) => b.mean - a.mean);
  const median = all[Math.floor(all.length / 2)]?.mean ?? 0;
  const most = Math.max(...all.map(({ rows }) => rows.filter(({ isSpam }) => isSpam).length));
  const highest = all.slice(0, 3).map(({ lang, mean }) => `${lang} ${mean.toFixed(3)}`);
  print(`${all.length} languages of ${LANGUAGE_ROWS_MIN} rows or more: at most ${most} row blocked in one`);
  print(`mean probability by language: median ${median.toFixed(3)}, highest ${highest.join(', ')}`);
}

function blocked(judged: readonly Judged[]): string {
  const count = judged.filter(({ isSpam }) => isSpam).length;
  return `${count} of ${judged.length} (${((100 * count) / judged.length).toFixed(3)} %)`;
}

function caught(judged: readonly Judged[], limit: number): string {
  const share = (count: number) => `${((100 * count) / judged.length).toFixed(1)} %`;
  const spam = judged.filter(({ isSpam }) => isSpam).length;
  const above = judged.filter(({ total }) => total > limit).length;
  return `${judged.length} messages, spam ${share(spam)}, above the 99th percentile of ham ${share(above)}`;
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] ?? 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
