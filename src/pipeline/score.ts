import type { Opinion } from '../model/opinion.ts';
import type { UnitName } from '../model/unit.ts';
import type { GroupResult, UnitResult, VerdictName } from '../model/verdict.ts';

/** The groups, inner ones before the group they lie in. */
export const GROUPS = ['karma.sender', 'auth.tls', 'bayes', 'karma', 'auth', 'pow'] as const;
export type GroupName = (typeof GROUPS)[number];

const GROUP_OF_UNIT: Readonly<Record<UnitName, GroupName>> = {
  'bayes.server': 'bayes',
  'bayes.user': 'bayes',
  'karma.jid_rate': 'karma.sender',
  'auth.stream': 'auth.tls',
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
const DECIDING: ReadonlySet<GroupName> = new Set(['bayes', 'karma', 'karma.sender']);

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
  readonly units: readonly UnitResult[];
  readonly groups: readonly GroupResult[];
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
  sums.fill(Number.NaN);
  const units: UnitResult[] = [];
  let decided = false;
  for (let index = 0; index < names.length; index += 1) {
    const unit = names[index] as UnitName;
    const opinion = opinions[index] as Opinion;
    const group = GROUP_OF_UNIT[unit];
    const weight = options.weights[unit];
    const points = opinion.kind === 'opinion' ? weight * opinion.score : 0;
    units.push({ unit, group, opinion, weight, points });
    if (opinion.kind === 'abstention' || weight === 0) continue;
    decided ||= DECIDING.has(group);
    addPoints(GROUPS.indexOf(group), points);
  }
  const groups: GroupResult[] = [];
  const total = foldGroups(options, groups);
  const probability = 1 / (1 + Math.exp(-options.slope * (total - options.midpoint)));
  return { verdict: decided ? verdictOf(total, options) : 'unsure', total, probability, units, groups };
}

function addPoints(group: number, points: number): void {
  const before = sums[group] as number;
  sums[group] = Number.isNaN(before) ? points : before + points;
}

function foldGroups(options: ScoreOptions, groups: GroupResult[]): number {
  let total = 0;
  for (let index = 0; index < GROUPS.length; index += 1) {
    const points = sums[index] as number;
    if (Number.isNaN(points)) continue;
    const group = GROUPS[index] as GroupName;
    const capped = bounded(points, options.caps[group]);
    groups.push({ group, points, capped });
    const parent = PARENTS[index] as number;
    if (parent < 0) total += capped;
    else addPoints(parent, capped);
  }
  return total;
}

function verdictOf(total: number, options: ScoreOptions): VerdictName {
  if (total >= options.spamThreshold) return 'spam';
  return total <= options.hamThreshold ? 'ham' : 'unsure';
}
