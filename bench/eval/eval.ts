import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { EXIT, exitCodeOf, sentenceOf } from '../../src/cli/exit.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Config, schema } from '../../src/config/schema.ts';
import { chooseRows } from '../choose-rows.ts';
import { surroundings } from '../report.ts';
import { type Row, rows } from '../rows.ts';
import { runBias } from './bias.ts';
import { renderBias } from './bias-table.ts';
import { reportCalibration } from './calibration.ts';
import { renderCalibration } from './calibration-table.ts';
import { renderCopies, runCopies } from './copies.ts';
import { type EvasionReport, runEvasion } from './evasion.ts';
import { renderEvasion } from './evasion-table.ts';
import { renderFew, runFew } from './few.ts';
import { renderHam, runHamFiles } from './ham.ts';
import { renderHosts, runHosts } from './hosts.ts';
import { runMonth } from './month.ts';
import { renderMonth } from './month-table.ts';
import { type OnlineReport, renderOnline, runOnline } from './online.ts';
import { type EvalOptions, readOptions, type StudyName, USAGE } from './options.ts';
import { progress } from './print.ts';
import { type RowRun, reportRows, runRow } from './row-report.ts';
import { renderRows } from './row-table.ts';
import { LARGE_ROW } from './targets.ts';
import { runUsers } from './users.ts';
import { renderUsers } from './users-table.ts';

/** Sections of the report by name, as JSON has them. */
type Report = Record<string, unknown>;

async function main(): Promise<void> {
  const options = optionsOrUsage();
  if (options === undefined) return;
  try {
    const config = options.config === undefined ? schema.parse({}) : loadConfig(options.config).config;
    const report: Report = { ...surroundings(), config: options.config ?? 'defaults', cv: options.cv };
    // Asked now, not when the work is done.
    if (options.json !== undefined) closeSync(openSync(options.json, 'a'));
    await evaluate(options, config, report);
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, undefined, 1)}\n`);
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    progress('');
    console.error(sentenceOf(error as Error));
    process.exitCode = code;
  }
}

/** Undefined where there is nothing to do: help was asked for, or an option is wrong. */
function optionsOrUsage(): EvalOptions | undefined {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === undefined) console.log(USAGE);
    return options;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = EXIT.usage;
    return undefined;
  }
}

/** Prints each section as it is done, and puts it into `report`. */
async function evaluate(options: EvalOptions, config: Config, report: Report): Promise<void> {
  const chosen = chooseRows(options.corpora, options.only);
  const readsRows = options.rows || options.studies.includes('calibration');
  const runs = readsRows ? await runRows(config, chosen, options.cv) : [];
  if (options.rows) {
    const reports = reportRows(runs);
    section(report, 'rows', reports, `${titleOf(options)}\n${renderRows(reports)}`);
    if (!options.cv && options.only.length === 0) {
      const ham = await runHamFiles(config, options.corpora);
      section(report, 'ham', ham, renderHam(ham));
    }
  }
  for (const study of options.studies) await STUDY[study]({ options, config, report, runs });
}

interface Work {
  readonly options: EvalOptions;
  readonly config: Config;
  readonly report: Report;
  readonly runs: readonly RowRun[];
}

/** Each study by name. */
const STUDY: Readonly<Record<StudyName, (work: Work) => void | Promise<void>>> = {
  calibration: ({ report, runs }) => {
    const calibration = reportCalibration(runs);
    const text = calibration && renderCalibration(calibration);
    section(report, 'calibration', calibration, text ?? `calibration: no row of ${LARGE_ROW} messages`);
  },
  online: async ({ options, config, report }) => {
    const reports: OnlineReport[] = [];
    for (const row of chooseRows(options.corpora, options.only)) {
      progress(`online, ${row.name}`);
      reports.push(...(await runOnline(config, row)));
    }
    section(report, 'online', reports, renderOnline(reports));
  },
  users: async ({ options, config, report }) => {
    const weeks = await runUsers(config, rows(options.corpora));
    section(report, 'users', weeks, renderUsers(weeks));
  },
  hosts: async ({ options, config, report }) => {
    const hosts = await runHosts(config, rows(options.corpora));
    section(report, 'hosts', hosts, renderHosts(hosts));
  },
  few: async ({ options, config, report }) => {
    const few = await runFew(config, rows(options.corpora));
    section(report, 'few', few, renderFew(few));
  },
  month: async ({ options, report }) => {
    const turkish = rows(options.corpora).find(({ name }) => name === 'turkish')!;
    const text = options.config === undefined ? '' : readFileSync(options.config, 'utf8');
    const month = await runMonth(turkish.train, text);
    section(report, 'month', month, renderMonth(month));
  },
  bias: async ({ options, config, report }) => {
    const reports = await runBias(config, options.corpora);
    section(report, 'bias', reports, renderBias(reports));
  },
  evasion: async ({ options, config, report }) => {
    const reports: EvasionReport[] = [];
    for (const row of chooseRows(options.corpora, options.only)) {
      progress(`evasion, ${row.name}`);
      reports.push(await runEvasion(config, row, options.cv));
    }
    section(report, 'evasion', reports, renderEvasion(reports));
  },
  copies: ({ options, report }) => {
    const copies = runCopies(chooseRows(options.corpora, options.only), options.corpora);
    section(report, 'copies', copies, renderCopies(copies));
  },
};

function titleOf({ cv }: EvalOptions): string {
  return cv
    ? 'Cross-validated on training files: to choose by, not to report.'
    : 'From scratch on the training files, judged on the test files.';
}

async function runRows(config: Config, chosen: readonly Row[], cv: boolean): Promise<RowRun[]> {
  const runs: RowRun[] = [];
  for (const row of chosen) {
    progress(row.name);
    runs.push(await runRow(config, row, cv));
  }
  return runs;
}

function section(report: Report, name: string, value: unknown, text: string): void {
  progress('');
  report[name] = value;
  console.log(`${text}\n`);
}

// `npm run eval | head`: nobody reads any more.
process.stdout.on('error', () => process.exit());
await main();
