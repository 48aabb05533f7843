import type { Opinion } from '../model/opinion.ts';
import type { UnitName } from '../model/unit.ts';
import type { Breakdown, VerdictName } from '../model/verdict.ts';

/** The groups, inner ones before the group they lie in. */
export const GROUPS = ['karma.sender', 'auth.tls', 'bayes', 'reported', 'karma', 'auth', 'pow'] as const;
export type GroupName = (typeof GROUPS)[number];

const GROUP_OF_UNIT: Readonly<Record<UnitName, GroupName>> = {
  'bayes.server': 'bayes',
  'bayes.user': 'bayes',
  'linear.server': 'bayes',
  'karma.jid_rate': 'karma.sender',
  'auth.stream': 'auth.tls',
  'bayes.reported': 'reported',
};

const PARENT: Readonly<Partial<Record<GroupName, GroupName>>> = {
  'karma.sender': 'karma',
  'auth.tls': 'auth',
};
/** Index in `GROUPS` of each group's parent; −1: it lies in none. */
const PARENTS = GROUPS.map((group) => {
  const parent = PARENT[group];
  return parent === undefined ? -1 : GROUPS.indexOf(parent);
});
/** Points by group, scratch space of `score`; NaN = no opinion in it. */
const sums = new Float64Array(GROUPS.length);
/** A verdict other than `unsure` needs an opinion from one of these: technical quality alone never leaves `unsure`. */
const DECIDING: ReadonlySet<GroupName> = new Set(['bayes', 'reported', 'karma', 'karma.sender']);

/** What the opinions that may decide rest on. Nothing: `unsure`. One of them on what was learnt elsewhere: not `ham`. */
type Basis = 'none' | 'provisional' | 'own';

export interface Cap {
  readonly spam: number;
  readonly ham: number;
}

export interface ScoreOptions {
  readonly weights: Readonly<Record<UnitName, number>>;
  readonly caps: Readonly<Record<GroupName, Cap>>;
  readonly spamThreshold: number;
  readonly hamThreshold: number;
  readonly slope: number;
  readonly midpoint: number;
}

export interface Scored {
  readonly verdict: VerdictName;
  readonly total: number;
  readonly probability: number;
}

/** Smooth and strictly increasing bound: cap·x/(cap+|x|); a clip would make all strong evidence equal (design.md §3). */
export function bounded(points: number, cap: Cap): number {
  const limit = points > 0 ? cap.spam : cap.ham;
  return limit === 0 ? 0 : (limit * points) / (limit + Math.abs(points));
}

/** Opinions → points → groups → total → verdict. Pure. `names` and `opinions` run in parallel. */
export function score(
  names: readonly UnitName[],
  opinions: readonly Opinion[],
  options: ScoreOptions,
): Scored {
  const basis = sumUnits(names, opinions, options);
  const total = foldGroups(options);
  const probability = 1 / (1 + Math.exp(-options.slope * (total - options.midpoint)));
  return { verdict: verdictOf(total, basis, options), total, probability };
}

/** The same opinions, taken apart: what each unit and each group brings to the total. */
export function breakdown(
  names: readonly UnitName[],
  opinions: readonly Opinion[],
  options: ScoreOptions,
): Breakdown {
  const units = opinions.map((opinion, index) => {
    const unit = names[index] as UnitName;
    const weight = options.weights[unit];
    return { unit, group: GROUP_OF_UNIT[unit], opinion, weight, points: pointsOf(opinion, weight) };
  });
  sumUnits(names, opinions, options);
  foldGroups(options);
  const groups = GROUPS.map((group, index) => {
    const points = sums[index] as number;
    return { group, points, capped: bounded(points, options.caps[group]) };
  });
  return { units, groups: groups.filter(({ points }) => !Number.isNaN(points)) };
}

/** Fills `sums`. Returns what the opinions allow a verdict to be. */
function sumUnits(names: readonly UnitName[], opinions: readonly Opinion[], options: ScoreOptions): Basis {
  sums.fill(Number.NaN);
  let basis: Basis = 'none';
  for (let index = 0; index < opinions.length; index += 1) {
    const unit = names[index] as UnitName;
    const opinion = opinions[index] as Opinion;
    const weight = options.weights[unit];
    if (opinion.kind === 'abstention' || weight === 0) continue;
    const group = GROUP_OF_UNIT[unit];
    if (basis !== 'provisional' && DECIDING.has(group))
      basis = opinion.isProvisional === true ? 'provisional' : 'own';
    addPoints(GROUPS.indexOf(group), pointsOf(opinion, weight));
  }
  return basis;
}

function pointsOf(opinion: Opinion, weight: number): number {
  return opinion.kind === 'opinion' ? weight * opinion.score : 0;
}

function addPoints(group: number, points: number): void {
  const before = sums[group] as number;
  sums[group] = Number.isNaN(before) ? points : before + points;
}

/** Adds inner groups to their parents, in `sums`. Returns the total of the outer ones. */
function foldGroups(options: ScoreOptions): number {
  let total = 0;
  for (let index = 0; index < GROUPS.length; index += 1) {
    const points = sums[index] as number;
    if (Number.isNaN(points)) continue;
    const capped = bounded(points, options.caps[GROUPS[index] as GroupName]);
    const parent = PARENTS[index] as number;
    if (parent < 0) total += capped;
    else addPoints(parent, capped);
  }
  return total;
}

function verdictOf(total: number, basis: Basis, options: ScoreOptions): VerdictName {
  if (basis === 'none') return 'unsure';
  if (total >= options.spamThreshold) return 'spam';
  return total <= options.hamThreshold && basis === 'own' ? 'ham' : 'unsure';
}
