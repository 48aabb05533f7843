import { createJudge } from '../../src/cli/eval-judge.ts';
import type { Config } from '../../src/config/schema.ts';
import type { Verdict } from '../../src/model/verdict.ts';
import type { Starter } from '../../src/store/starter.ts';
import type { LessonLabel } from '../../src/store/store.ts';

const START = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const BYSTANDER = 'bystander@capulet.example';

export interface Report {
  /** Number of the account that reports. */
  readonly account: number;
  readonly label: LessonLabel;
  readonly text: string;
  /** Days since the beginning. */
  readonly day: number;
}

/** A server's users, who report, and the daemon's store and pipeline as they are. */
export interface Community {
  report(report: Report): Promise<void>;
  /** Settles when all reports count. */
  settle(): Promise<void>;
  /** To one who has never taught. */
  judge(text: string): Verdict;
  close(): Promise<void>;
}

export interface CommunityOptions {
  readonly config: Config;
  readonly starter?: Starter | undefined;
  /** Every report counts whole. */
  readonly isUnweighed?: boolean;
}

export async function createCommunity(options: CommunityOptions): Promise<Community> {
  const { config, starter, isUnweighed = false } = options;
  let today = START;
  const judge = await createJudge(config, starter, { now: () => today, isWeighed: !isUnweighed });
  return {
    report: ({ account, label, text, day }) => {
      today = START + day * DAY_MS;
      return judge.teach(label, text, `user${account}@capulet.example`);
    },
    settle: () => judge.settle(),
    judge: (text) => judge.judge(text, BYSTANDER),
    close: () => judge.close(),
  };
}
