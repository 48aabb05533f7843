import type { StartCost } from './start.ts';
import { LARGE, MILLION, SMALL, tokensOf, usersOf } from './stores.ts';
import { STAGES, type TextCost } from './text.ts';
import type { TrainingCosts } from './training.ts';
import type { VerdictCost } from './verdicts.ts';

/** What was measured, of the parts that were wanted, and where. */
export interface ScaleReport {
  readonly rounds: number;
  readonly text: TextCost | undefined;
  readonly small: VerdictCost | undefined;
  readonly large: VerdictCost | undefined;
  /** Processor time of a verdict over the large store ÷ that over the small one. */
  readonly ratio: number | undefined;
  readonly start: StartCost | undefined;
  readonly training: TrainingCosts | undefined;
  readonly cpu: string;
  readonly node: string;
  readonly commit: string;
  readonly load_before: number | undefined;
  readonly load_after: number | undefined;
}

type Line = readonly [what: string, figure: string, note: string];

const NAMES: Readonly<Record<(typeof STAGES)[number], string>> = {
  features: 'features',
  ids: 'keyed ids',
  server: "the server's table",
  user: "the user's table",
  linear: 'the regression',
};

/** The report for people. */
export function linesOf(report: ScaleReport): string[] {
  const { text, start, training, rounds, cpu, node, commit } = report;
  const load = `load ${report.load_before?.toFixed(1)} to ${report.load_after?.toFixed(1)}`;
  const lines = [
    ...textLines(text),
    ...verdictLines(report),
    ...startLines(start),
    ...trainingLines(training),
  ];
  return [
    ...lines.map(([what, figure, note]) => `${what.padEnd(44)} ${figure.padStart(12)}   ${note}`),
    `machine ${cpu}, node ${node}, commit ${commit}, ${load}, ${rounds} rounds`,
  ];
}

function textLines(text: TextCost | undefined): Line[] {
  if (text === undefined) return [];
  const note = `bar <= 22; ${text.judged} messages of 80 to 150 characters, ${text.source}`;
  return [
    ...STAGES.map((stage) => [`text: ${NAMES[stage]}`, micros(text[stage]), ''] as const),
    ['text: all of it', micros(text.all), note],
  ];
}

function verdictLines({ small, large, ratio }: Pick<ScaleReport, 'small' | 'large' | 'ratio'>): Line[] {
  if (small === undefined || large === undefined) return [];
  const name = (sizes: typeof SMALL) => `verdict, ${tokensOf(sizes)} tokens, ${usersOf(sizes)} users`;
  const memory = `${large.rss_anon_mb.toFixed(0)} MB`;
  return [
    [name(SMALL), micros(small.cpu_us), `${small.per_s.toFixed(0)}/s`],
    [name(LARGE), micros(large.cpu_us), `${large.per_s.toFixed(0)}/s, ${memory}`],
    ['the second ÷ the first', (ratio ?? Number.NaN).toFixed(2), 'bar <= 1.5'],
  ];
}

function startLines(start: StartCost | undefined): Line[] {
  if (start === undefined) return [];
  const rest = `starter ${start.starter_ms} ms, CPU ${start.cpu_ms.toFixed(0)} ms, ${start.rss_anon_mb.toFixed(0)} MB`;
  return [[`start, ${MILLION.serverTokens} tokens`, `${start.store_ms} ms`, `bar <= 1000; ${rest}`]];
}

function trainingLines(training: TrainingCosts | undefined): Line[] {
  if (training === undefined) return [];
  return Object.entries(training).map(([name, { per_s, busiest_us, all_us }]) => [
    `train, ${name}`,
    `${per_s}/s`,
    `bar of the store >= 20000; busiest thread ${busiest_us.toFixed(1)} µs, all ${all_us.toFixed(1)} µs a message`,
  ]);
}

function micros(figure: number): string {
  return `${figure.toFixed(1)} µs CPU`;
}
