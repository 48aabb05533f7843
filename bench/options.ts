import { parseArgs } from 'node:util';
import { STEPS, type StepName } from './steps.ts';
import type { TableSizes } from './tables.ts';

export interface BenchOptions extends TableSizes {
  readonly json: boolean;
  readonly only: readonly StepName[];
  readonly runs: number;
  readonly scale: number;
  readonly cpuProf: string | undefined;
}

export const USAGE = `npm run bench [-- OPTIONS]
  --json              one JSON object instead of the table
  --only STEP,…       some of the steps:
                      ${STEPS.slice(0, 5).join(' ')}
                      ${STEPS.slice(5, 7).join(' ')}
                      ${STEPS.slice(7).join(' ')}
  --runs N            runs of which the median counts (5)
  --scale X           requests of a run, times X (1)
  --server-tokens N   tokens in the server's table (200000)
  --user-tokens N     tokens in each user's table (5000)
  --users N           users with a table (1000)
  --seed N            of the messages and of the store (1)
  --cpu-prof DIR      write a CPU profile of the daemon into DIR`;

/** Undefined when help is asked for. @throws Error on an unknown option, a value out of bounds or an unknown step. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      only: text(STEPS.join()),
      runs: text('5'),
      scale: text('1'),
      'server-tokens': text('200000'),
      'user-tokens': text('5000'),
      users: text('1000'),
      seed: text('1'),
      'cpu-prof': { type: 'string' },
    },
  });
  if (values.help) return undefined;
  const number = (
    name: 'runs' | 'scale' | 'server-tokens' | 'user-tokens' | 'users' | 'seed',
    min: number,
  ): number => {
    const value = Number(values[name]);
    if (!(value >= min)) throw new Error(`--${name} must be a number of at least ${min}`);
    return value;
  };
  return {
    json: values.json,
    only: inOrder(values.only.split(',')),
    runs: number('runs', 1),
    scale: number('scale', 0.01),
    serverTokens: number('server-tokens', 1000),
    userTokens: number('user-tokens', 100),
    users: number('users', 1),
    seed: number('seed', 0),
    cpuProf: values['cpu-prof'],
  };
}

function inOrder(words: readonly string[]): StepName[] {
  const unknown = words.find((word) => STEPS.every((name) => name !== word));
  if (unknown !== undefined)
    throw new Error(`--only: no step is called "${unknown}"; there are ${STEPS.join(', ')}`);
  return STEPS.filter((name) => words.includes(name));
}
