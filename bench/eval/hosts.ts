import type { Config } from '../../src/config/schema.ts';
import { createRandom } from '../random.ts';
import type { Message, Row } from '../rows.ts';
import { type Figures, figuresOf, meanFigures } from './figures.ts';
import { folds } from './folds.ts';
import { judgeAll, withJudge } from './learn.ts';
import { fixed, progress } from './print.ts';
import { shuffled } from './shuffle.ts';
import { without } from './users.ts';

/** The hosts of one daemon: four communities, or one that is spread over all of them. */
const ROWS = ['turkish', 'indonesian', 'sms-cluster', 'youtube-psy'];
const SPREAD_ROW = 'sms-cluster';
/** Lessons of each host at which its held-out messages are judged, and how many of its users they come from. */
const STEPS = [50, 100, 200];
const REPORTERS = 20;
const JUDGED_MAX = 400;
const SEED = 1;

const COMMUNITIES = ['each its own', 'all the same'] as const;
const SCOPES = ['daemon', 'virtualhost'] as const;

/** The mean over the hosts. */
export interface HostsReport {
  readonly communities: (typeof COMMUNITIES)[number];
  readonly scope: (typeof SCOPES)[number];
  /** Of each host. */
  readonly lessons: number;
  readonly figures: Figures;
}

interface Host {
  readonly domain: string;
  readonly lessons: readonly Message[];
  readonly held: readonly Message[];
}

/** The same hosts teach one daemon, with a table for each of them and without. Nobody's own table has a say. */
export async function runHosts(config: Config, rows: readonly Row[]): Promise<HostsReport[]> {
  const reports: HostsReport[] = [];
  for (const communities of COMMUNITIES)
    for (const scope of SCOPES) {
      progress(`hosts, ${communities}, ${scope}`);
      const scoped = structuredClone(without('user', config));
      const hosts = hostsOf(rows, communities);
      Object.assign(scoped.bayes.server, { scope });
      for (const { lessons, figures } of await measure(scoped, hosts))
        reports.push({ communities, scope, lessons, figures });
    }
  return reports;
}

function hostsOf(rows: readonly Row[], communities: HostsReport['communities']): Host[] {
  const random = createRandom(SEED);
  return ROWS.map((name, index) => {
    const row = rows.find((each) => each.name === (communities === 'all the same' ? SPREAD_ROW : name))!;
    const [held = [], ...rest] = folds(row.train);
    const lessons = shuffled(rest.flat(), random);
    const own = lessons.filter((_, at) => communities !== 'all the same' || at % ROWS.length === index);
    return {
      domain: `host${index}.example`,
      lessons: own,
      held: shuffled(held, random).slice(0, JUDGED_MAX),
    };
  });
}

async function measure(
  config: Config,
  hosts: readonly Host[],
): Promise<{ lessons: number; figures: Figures }[]> {
  return withJudge(config, undefined, async (judge) => {
    const steps: { lessons: number; figures: Figures }[] = [];
    let from = 0;
    for (const to of STEPS) {
      for (const { domain, lessons } of hosts)
        await Promise.all(
          lessons
            .slice(from, to)
            .map(({ label, text }, at) =>
              judge.teach(label, text, `user${(from + at) % REPORTERS}@${domain}`),
            ),
        );
      await judge.settle();
      from = to;
      const figures = hosts.map(({ domain, held }) => figuresOf(judgeAll(judge, held, `nobody@${domain}`)));
      steps.push({ lessons: to, figures: meanFigures(figures) });
    }
    return steps;
  });
}

/** For people, at most 80 columns wide. */
export function renderHosts(reports: readonly HostsReport[]): string {
  return [
    `hosts: ${ROWS.length} of one daemon, ${REPORTERS} users each; mean over the hosts`,
    'communities   scope        lessons  1-AUC %  caught %  blocked %',
    ...reports.map(({ communities, scope, lessons, figures }) =>
      [
        communities.padEnd(14),
        scope.padEnd(13),
        `${lessons}`.padStart(7),
        fixed(figures.one_minus_auc_pct, 2).padStart(9),
        fixed(figures.spam_caught_pct, 1).padStart(10),
        fixed(figures.ham_blocked_pct, 2).padStart(11),
      ].join(''),
    ),
  ].join('\n');
}
