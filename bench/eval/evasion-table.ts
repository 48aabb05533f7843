import { type EvasionReport, KEPT_MIN_PCT, type Kept, keptPct, sumOf, TRICKS } from './evasion.ts';
import { fixed } from './print.ts';
import { DISGUISES, MEASURES, PLACES } from './tricks.ts';

const NAME_WIDTH = 16;
const CELL_WIDTH = 6;

/** For people, at most 80 columns wide. */
export function renderEvasion(reports: readonly EvasionReport[]): string {
  const disguises = Object.keys(DISGUISES);
  const paddings = Object.keys(TRICKS).filter((name) => !disguises.includes(name));
  const places = PLACES.flatMap((place) => [place, ...MEASURES.slice(1).map(() => '')]);
  return [
    `evasion: spam that is caught as it is, and % of it still caught (>= ${KEPT_MIN_PCT})`,
    ...table(
      reports,
      disguises,
      disguises.map((name) => name.slice(0, CELL_WIDTH - 1)),
    ),
    'padded with running words of learnt ham, for each of its own so many:',
    lineOf('', ['', ...places]),
    ...table(
      reports,
      paddings,
      PLACES.flatMap(() => MEASURES.map(String)),
    ),
    lineOf('all tricks', ['', marked(total(Object.keys(TRICKS).map((name) => sumOf(reports, name))))]),
  ].join('\n');
}

function table(
  reports: readonly EvasionReport[],
  tricks: readonly string[],
  titles: readonly string[],
): string[] {
  const caught = reports.reduce((sum, report) => sum + report.caught, 0);
  return [
    lineOf('', ['caught', ...titles]),
    ...reports.map((report) =>
      lineOf(report.row, [
        String(report.caught),
        ...tricks.map((trick) => fixed(keptPct(report.tricks[trick]!), 1)),
      ]),
    ),
    lineOf('all', [String(caught), ...tricks.map((trick) => marked(sumOf(reports, trick)))]),
  ];
}

function total(all: readonly Kept[]): Kept {
  const [n, kept] = [all.map((one) => one.n), all.map((one) => one.kept)];
  return { n: n.reduce((sum, one) => sum + one, 0), kept: kept.reduce((sum, one) => sum + one, 0) };
}

/** What was not tried is not met. */
function marked(kept: Kept): string {
  const percent = keptPct(kept);
  return `${fixed(percent, 1)}${(percent ?? 0) >= KEPT_MIN_PCT ? '✔' : '✘'}`;
}

function lineOf(name: string, cells: readonly string[]): string {
  return `${name.padEnd(NAME_WIDTH)}${cells.map((cell) => cell.padStart(CELL_WIDTH)).join('')}`.trimEnd();
}
