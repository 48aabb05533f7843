import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EXIT, exitCodeOf, sentenceOf } from '../../src/cli/exit.ts';
import { chooseRows } from '../choose-rows.ts';
import { progress } from '../eval/print.ts';
import { surroundings } from '../report.ts';
import type { Row } from '../rows.ts';
import { means } from './means.ts';
import { measure, type Result } from './measure.ts';
import { type PeersOptions, readOptions, USAGE } from './options.ts';
import { missingPackages, type Peer } from './peer.ts';
import { HEADING, LEGEND, lineOf, missingLine, versionLines } from './table.ts';
import { versionsOf } from './versions.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** `npm run bench:peers`: this filter and others learn from the same files and judge the same files (docs/peers.md). */
async function main(): Promise<void> {
  const options = optionsOrUsage();
  const rows = options && rowsOrReason(options);
  if (options === undefined || rows === undefined) return;
  const interrupt = new AbortController();
  let heard: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    heard ??= signal;
    interrupt.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const dir = mkdtempSync(join(tmpdir(), 'providence-peers-'));
  try {
    await report(options, rows, { dir, interrupt: interrupt.signal });
  } catch (error) {
    if (heard === undefined) throw error;
  } finally {
    rmSync(dir, { recursive: true });
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
  // Nobody listens any more: it does what it ever does.
  if (heard !== undefined) process.kill(process.pid, heard);
}

/** Undefined where there is nothing to do: help was asked for, or an option is wrong. */
function optionsOrUsage(): PeersOptions | undefined {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === undefined) console.log(USAGE);
    return options;
  } catch (error) {
    fail(EXIT.usage, `${(error as Error).message}\n\n${USAGE}`);
    return undefined;
  }
}

/** All files are read, and the place of the JSON looked at: now, not after minutes of work. */
function rowsOrReason({ corpora, only, json }: PeersOptions): Row[] | undefined {
  try {
    if (json !== undefined) accessSync(dirname(json), constants.W_OK);
    const rows = chooseRows(corpora, only);
    for (const { name, train, test } of rows)
      if (train.length === 0 || test.length === 0) throw new Error(`${name}: one of its files is empty`);
    return rows;
  } catch (error) {
    const code = exitCodeOf(error);
    // Where it has no code, it is a file of the corpora that says so itself.
    fail(code ?? EXIT.noInput, code === undefined ? (error as Error).message : sentenceOf(error as Error));
    return undefined;
  }
}

interface Work {
  readonly dir: string;
  readonly interrupt: AbortSignal;
}

/** Measures and prints; a filter that is missing or fails is told, and the others go on. */
async function report(
  { peers, chosen, json }: PeersOptions,
  rows: readonly Row[],
  work: Work,
): Promise<void> {
  const missing = peers.filter((peer) => missingPackages(peer).length > 0);
  const present = peers.filter((peer) => !missing.includes(peer));
  for (const peer of missing) console.log(missingLine(peer));
  if (chosen && missing.length > 0) process.exitCode = EXIT.unavailable;
  if (present.length === 0) return;

  console.log(HEADING);
  const results = await measureAll(rows, present, work);
  const meant = means(results);
  for (const [index, mean] of meant.entries()) console.log(lineOf(mean, index === 0));
  const versions = versionsOf(present);
  console.log(['', ...LEGEND, ...versionLines(versions)].join('\n'));
  if (json === undefined) return;
  const names = missing.map(({ name }) => name);
  const figures = { ...surroundings(), versions, missing: names, results: [...results, ...meant] };
  writeFileSync(json, `${JSON.stringify(figures, undefined, 1)}\n`);
}

/** Prints each line when it is known. */
async function measureAll(rows: readonly Row[], peers: readonly Peer[], work: Work): Promise<Result[]> {
  const results: Result[] = [];
  for (const row of rows) {
    for (const peer of peers) {
      progress(`${row.name}, ${peer.name}`);
      const result = await measure(row, peer, work);
      progress('');
      console.log(lineOf(result, peer === peers[0]));
      if ('error' in result) fail(EXIT.software, `${peer.name}, ${row.name}: ${result.error}`);
      results.push(result);
    }
  }
  return results;
}

function fail(code: number, message: string): void {
  console.error(message);
  process.exitCode = code;
}

await main();
