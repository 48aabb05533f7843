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
  const sums = new Map<GroupName, number>();
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
    sums.set(group, (sums.get(group) ?? 0) + points);
  }
  const groups: GroupResult[] = [];
  const total = foldGroups(sums, options, groups);
  const probability = 1 / (1 + Math.exp(-options.slope * (total - options.midpoint)));
  return { verdict: decided ? verdictOf(total, options) : 'unsure', total, probability, units, groups };
}

function foldGroups(sums: Map<GroupName, number>, options: ScoreOptions, groups: GroupResult[]): number {
  let total = 0;
  for (const group of GROUPS) {
    const points = sums.get(group);
    if (points === undefined) continue;
    const capped = bounded(points, options.caps[group]);
    groups.push({ group, points, capped });
    const parent = PARENT[group];
    if (parent === undefined) total += capped;
    else sums.set(parent, (sums.get(parent) ?? 0) + capped);
  }
  return total;
}

function verdictOf(total: number, options: ScoreOptions): VerdictName {
  if (total >= options.spamThreshold) return 'spam';
  return total <= options.hamThreshold ? 'ham' : 'unsure';
}
