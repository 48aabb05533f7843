import { abstentionSentence, sentenceOf } from '../filters/symbols.ts';
import { type Breakdown, roundedPoints, type UnitResult, type Verdict } from '../model/verdict.ts';

/** The verdict taken apart for people: the body of REPORT, in 80 columns. */
export function explain(verdict: Verdict, { units, groups }: Breakdown): string {
  const lines = [headline(verdict)];
  if (verdict.symbol !== undefined) lines.push(`${verdict.symbol}: ${sentenceOf(verdict.symbol)}.`);
  if (units.length > 0) lines.push('', 'points  unit            score  weight  why', ...units.map(unitLine));
  for (const { group, points, capped } of groups) {
    lines.push(`Group ${group}: ${points.toFixed(2)} points, bounded to ${capped.toFixed(2)}.`);
  }
  return lines.map((line) => `${line.trimEnd()}\r\n`).join('');
}

function headline(verdict: Verdict): string {
  const { points, threshold } = roundedPoints(verdict);
  return `Verdict ${verdict.verdict}: ${points} of ${threshold} points, probability ${verdict.probability.toFixed(3)}, action ${verdict.action}.`;
}

function unitLine(result: UnitResult): string {
  const unit = result.unit.padEnd(14);
  const { opinion } = result;
  if (opinion.kind === 'abstention') {
    return `     -  ${unit}  abstains: ${abstentionSentence(opinion.reason, opinion.params)}`;
  }
  const points = result.points.toFixed(2).padStart(6);
  const score = opinion.score.toFixed(3).padStart(7);
  const weight = result.weight.toFixed(1).padStart(6);
  return `${points}  ${unit}${score}  ${weight}  ${sentenceOf(opinion.symbol, opinion.params)}`;
}

/** The verdict taken apart for programs: the body of SYMBOLS, one line a unit [PNP-4]. */
export function symbolLines({ units }: Breakdown): string {
  return units.map((result) => `${symbolLine(result)}\r\n`).join('');
}

function symbolLine({ unit, weight, points, opinion }: UnitResult): string {
  if (opinion.kind === 'abstention') return `- ${unit} abstained ${opinion.reason}${pairs(opinion.params)}`;
  return `${opinion.symbol} ${unit} ${opinion.score.toFixed(6)} ${weight} ${points.toFixed(6)}${pairs(opinion.params)}`;
}

function pairs(params: Readonly<Record<string, number | string>> = {}): string {
  return Object.entries(params)
    .map(([name, value]) => ` ${name}=${value}`)
    .join('');
}
