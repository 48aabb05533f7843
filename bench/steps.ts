import type { LoadOrder, LoadResult } from './load.ts';
import { median, type Percentiles } from './measure.ts';

/** All steps, in the order in which they run; the echo's stand before those that are compared with them. */
export const STEPS = [
  'echo',
  'echo_pipelined',
  'check_depth1',
  'check_pipelined',
  'check_repeated',
  'echo_open_loop_2000',
  'check_open_loop_2000',
  'echo_open_loop_half_peak',
  'check_open_loop_half_peak',
  'tell',
] as const;
export type StepName = (typeof STEPS)[number];
export type Target = 'echo' | 'daemon';

/** What a step measured: of each figure the median of its runs. */
export interface StepResult extends Percentiles {
  readonly per_s: number;
  /** CPU time of the daemon ÷ answers. */
  readonly cpu_us_per_verdict?: number;
  /** How many times the echo's time: the median latency's, or at full speed the time of a request. */
  readonly ratio_to_echo?: number;
  /** Answers other than 0 EX_OK, of all runs. */
  readonly errors: number;
  /** Of one core, what the load generator took. */
  readonly generator_cores: number;
  readonly runs: number;
  /** Open loops only: the pace, sends more than 1 ms late, runs that do not count. */
  readonly rate_per_s?: number;
  readonly late_pct?: number;
  readonly runs_void?: number;
}

export type Results = Partial<Record<StepName, StepResult>>;

export interface Plan {
  /** Runs of which the median counts. */
  readonly runs: number;
  /** Multiplies the number of requests of a run. */
  readonly scale: number;
  readonly load: (target: Target, order: Omit<LoadOrder, 'socketPath' | 'serverPid'>) => Promise<LoadResult>;
}

/** Measures one step; `done` holds the steps before it, for their peak and for the echo. */
export async function measureStep(name: StepName, plan: Plan, done: Results): Promise<StepResult> {
  const step = SHAPES[name];
  const pace = typeof step.pace === 'function' ? step.pace(done) : step.pace;
  const count = Math.round(
    plan.scale * ('perSecond' in pace ? pace.perSecond * OPEN_LOOP_SECONDS : step.count),
  );
  const order = {
    verb: step.verb ?? 'CHECK',
    traffic: step.traffic ?? 'mix',
    pace,
    count,
    warmup: WARMUP,
  } as const;
  const runs: LoadResult[] = [];
  const voided: LoadResult[] = [];
  while (runs.length < plan.runs && voided.length < plan.runs) {
    const result = await plan.load(step.target, order);
    if ('perSecond' in pace && isVoid(result)) voided.push(result);
    else runs.push(result);
  }
  const of = (figure: (result: LoadResult) => number): number => median(runs.map(figure));
  // What voided a run is to be seen, too.
  const ofAll = (figure: (result: LoadResult) => number): number => median([...runs, ...voided].map(figure));
  const figures = {
    per_s: of((run) => run.per_s),
    p50_us: of((run) => run.p50_us),
    p95_us: of((run) => run.p95_us),
    p99_us: of((run) => run.p99_us),
  };
  const echo = step.echo && done[step.echo];
  const ratio = (beside: StepResult): number =>
    step.compare === 'speed' ? beside.per_s / figures.per_s : figures.p50_us / beside.p50_us;
  return {
    ...figures,
    ...(step.compare && { cpu_us_per_verdict: of((run) => run.serverCpuUs) }),
    ...(echo && { ratio_to_echo: ratio(echo) }),
    errors: runs.reduce((sum, run) => sum + run.errors, 0),
    generator_cores: ofAll((run) => run.loadCores),
    runs: runs.length,
    ...('perSecond' in pace && {
      rate_per_s: pace.perSecond,
      late_pct: ofAll((run) => run.lateShare) * 100,
      runs_void: voided.length,
    }),
  };
}

/** Requests before those that are measured, in each run. */
const WARMUP = 1000;
const OPEN_LOOP_SECONDS = 3;
const CORES_MAX = 0.4;
const LATE_SHARE_MAX = 0.01;

/** A generator short of CPU, or late, measures itself. */
function isVoid(result: LoadResult): boolean {
  return result.loadCores > CORES_MAX || result.lateShare > LATE_SHARE_MAX;
}

interface Step {
  readonly target: Target;
  readonly verb?: LoadOrder['verb'];
  readonly traffic?: LoadOrder['traffic'];
  readonly pace: LoadOrder['pace'] | ((done: Results) => LoadOrder['pace']);
  /** Requests of a closed loop's run; an open loop's last `OPEN_LOOP_SECONDS`. */
  readonly count: number;
  /** The step to compare with, and by what. */
  readonly echo?: StepName;
  readonly compare?: 'latency' | 'speed';
}

/** Where the peak was not measured, its bar stands in. */
const halfPeak = (done: Results) => ({ perSecond: Math.round((done.check_pipelined?.per_s ?? 15_000) / 2) });

const SHAPES: Readonly<Record<StepName, Step>> = {
  echo: { target: 'echo', pace: { inFlight: 1 }, count: 10_000 },
  echo_pipelined: { target: 'echo', pace: { inFlight: 64 }, count: 40_000 },
  check_depth1: { target: 'daemon', pace: { inFlight: 1 }, count: 10_000, echo: 'echo', compare: 'latency' },
  check_pipelined: {
    target: 'daemon',
    pace: { inFlight: 64 },
    count: 40_000,
    echo: 'echo_pipelined',
    compare: 'speed',
  },
  check_repeated: {
    target: 'daemon',
    traffic: 'repeated',
    pace: { inFlight: 64 },
    count: 40_000,
    echo: 'echo_pipelined',
    compare: 'speed',
  },
  echo_open_loop_2000: { target: 'echo', pace: { perSecond: 2000 }, count: 0 },
  check_open_loop_2000: {
    target: 'daemon',
    pace: { perSecond: 2000 },
    count: 0,
    echo: 'echo_open_loop_2000',
    compare: 'latency',
  },
  echo_open_loop_half_peak: { target: 'echo', pace: halfPeak, count: 0 },
  check_open_loop_half_peak: {
    target: 'daemon',
    pace: halfPeak,
    count: 0,
    echo: 'echo_open_loop_half_peak',
    compare: 'latency',
  },
  tell: { target: 'daemon', verb: 'TELL', traffic: 'fresh', pace: { inFlight: 64 }, count: 10_000 },
};
