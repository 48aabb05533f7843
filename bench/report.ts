import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { type Results, STEPS, type StepName, type StepResult } from './steps.ts';

/** Everything that one bench found, as `--json` prints it. */
export interface Report extends Results {
  readonly bars: readonly Bar[];
  /** Share of verdicts among the checks of the warm-up, in percent. */
  readonly verdicts_pct: Readonly<Record<string, number>>;
  /** Share of the messages' tokens that the tables know, in percent. */
  readonly known_tokens_pct: Readonly<Record<'server' | 'user', number>>;
  readonly rss_anon_mb: number;
  readonly store: { readonly server_tokens: number; readonly user_tokens: number; readonly users: number };
  readonly seed: number;
  readonly node: string;
  readonly cpu: string;
  readonly commit: string;
}

/** A goal and what was measured; printed, never enforced. */
export interface Bar {
  readonly name: string;
  readonly limit: string;
  readonly value: number;
  readonly met: boolean;
}

export function bars(results: Results): Bar[] {
  return [
    bar(results, 'check_pipelined', { figure: 'per_s', atLeast: 15_000 }),
    bar(results, 'check_pipelined', { figure: 'cpu_us_per_verdict', atMost: 65 }),
    bar(results, 'check_depth1', { figure: 'ratio_to_echo', atMost: 3 }),
    bar(results, 'tell', { figure: 'per_s', atLeast: 3_000 }),
  ].filter((bar) => bar !== undefined);
}

/** The machine and the code that were measured. */
export function surroundings(): Pick<Report, 'node' | 'cpu' | 'commit'> {
  const cpus = os.cpus();
  return { node: process.version, cpu: `${cpus[0]?.model ?? 'unknown'} × ${cpus.length}`, commit: commit() };
}

/** The report for people, at most 80 columns wide. */
export function renderTable(report: Report): string {
  const rows = STEPS.flatMap((name) => (report[name] ? [row(name, report[name])] : []));
  const notes = STEPS.flatMap((name) => (report[name] ? note(name, report[name]) : []));
  const verdicts = Object.entries(report.verdicts_pct).map(
    ([name, share]) => `${name} ${share.toFixed(0)} %`,
  );
  const { store, known_tokens_pct: known } = report;
  return [
    HEADING,
    ...rows,
    '',
    ...notes,
    '',
    ...report.bars.map(({ name, limit, value, met }) => {
      return `${met ? '✔' : '✘'} ${name.padEnd(36)} ${format(value).padStart(9)}   bar ${limit}`;
    }),
    '',
    `store     ${store.server_tokens} server tokens, ${store.user_tokens} a user, ${store.users} users`,
    `messages  seed ${report.seed}, known tokens: ${known.server.toFixed(0)} % server, ${known.user.toFixed(0)} % user`,
    `verdicts  ${verdicts.join(', ')}`,
    `memory    ${report.rss_anon_mb.toFixed(0)} MB anonymous`,
    `machine   ${report.cpu}, node ${report.node}, commit ${report.commit}`,
  ].join('\n');
}

const COLUMNS = ['per_s', 'p50_us', 'p95_us', 'p99_us', '×echo', 'cpu_us'];
const NAME_WIDTH = 25;
const HEADING = 'step'.padEnd(NAME_WIDTH) + COLUMNS.map((column) => column.padStart(9)).join('');

function row(name: string, step: StepResult): string {
  const { per_s, p50_us, p95_us, p99_us, ratio_to_echo, cpu_us_per_verdict } = step;
  const cells = [per_s, p50_us, p95_us, p99_us, ratio_to_echo, cpu_us_per_verdict];
  return name.padEnd(NAME_WIDTH) + cells.map((cell) => format(cell).padStart(9)).join('');
}

/** What must be known to believe a row. */
function note(name: string, step: StepResult): string[] {
  const { errors, generator_cores, late_pct, runs, runs_void } = step;
  const parts = [`generator ${generator_cores.toFixed(2)} core`, `${runs} runs`];
  if (late_pct !== undefined) parts.push(`late ${late_pct.toFixed(2)} %`, `void ${runs_void}`);
  if (errors > 0) parts.push(`${errors} ERRORS`);
  return [`  ${name.padEnd(NAME_WIDTH)} ${parts.join(', ')}`];
}

function format(value: number | undefined): string {
  if (value === undefined) return '';
  if (Number.isNaN(value)) return 'void';
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

type Goal = { readonly figure: 'per_s' | 'cpu_us_per_verdict' | 'ratio_to_echo' } & (
  | { readonly atLeast: number }
  | { readonly atMost: number }
);

/** Undefined where the step did not run; not met where a request was refused. */
function bar(results: Results, name: StepName, goal: Goal): Bar | undefined {
  const step = results[name];
  const value = step?.[goal.figure];
  if (step === undefined || value === undefined) return undefined;
  const reached = 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
  const limit = 'atLeast' in goal ? `>= ${goal.atLeast}` : `<= ${goal.atMost}`;
  return { name: `${name} ${goal.figure}`, limit, value, met: reached && step.errors === 0 };
}

/** Short hash of the checked-out commit, with `-dirty` where the tree differs. */
function commit(): string {
  try {
    const args = ['describe', '--always', '--dirty', '--exclude=*'];
    return execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}
