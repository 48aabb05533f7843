import { parseArgs } from 'node:util';
import { type Config, schema } from '../../src/config/schema.ts';
import { loadStarter } from '../../src/store/starter.ts';
import { ATTACKS, type AttackName } from './attacks.ts';
import { type Community, createCommunity } from './community.ts';
import {
  ACCOUNTS,
  collude,
  movementOf,
  type Probes,
  probesOf,
  SUBJECTS,
  teachHonestly,
} from './simulation.ts';
import { corpusTexts, inventedTexts, type Texts } from './texts.ts';

const USAGE = `npm run bench:poison [-- OPTIONS]
  --corpus FILE    texts of a labelled corpus, in place of invented ones
  --attacks A,…    some of ${Object.keys(ATTACKS).slice(0, 5).join(', ')},
                   ${Object.keys(ATTACKS).slice(5).join(', ')}
  --days N         days over which the colluders' reports are spread (1)
  --starter        with the starter table
  --hosts          with bayes.server.scope = "virtualhost"; all are of one host
  --no-linear      without linear.server
  --unweighed      every report whole: what there would be without defences
  --seed N         of the texts (1)`;

/** How many honest reports there are when the cost is measured, and from how many users. */
const COST_LESSONS = [10, 50, 200, 1_000];
const COST_REPORTERS = [3, ACCOUNTS];

interface Options {
  readonly corpus: string | undefined;
  readonly attacks: readonly AttackName[];
  readonly days: number;
  readonly isStarted: boolean;
  readonly isUnweighed: boolean;
  readonly seed: number;
  readonly config: Config;
}

/** Undefined where help is asked for. @throws Error on an unknown option or attack */
function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      corpus: { type: 'string' },
      attacks: { type: 'string', default: Object.keys(ATTACKS).join() },
      days: { type: 'string', default: '1' },
      starter: { type: 'boolean', default: false },
      hosts: { type: 'boolean', default: false },
      'no-linear': { type: 'boolean', default: false },
      unweighed: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const attacks = values.attacks.split(',');
  const unknown = attacks.find((name) => !Object.hasOwn(ATTACKS, name));
  if (unknown !== undefined)
    throw new Error(`--attacks: there is no "${unknown}"; there are ${Object.keys(ATTACKS).join(', ')}`);
  const [days, seed] = [Number(values.days), Number(values.seed)];
  if (!(days >= 1 && days <= 20)) throw new Error('--days must be 1 to 20');
  if (!Number.isInteger(seed)) throw new Error('--seed must be a whole number');
  const { corpus, starter: isStarted, unweighed: isUnweighed } = values;
  const config = schema.parse({
    bayes: { server: { scope: values.hosts ? 'virtualhost' : 'daemon' } },
    ...(values['no-linear'] ? { linear: { server: { weight: 0 } } } : {}),
  });
  return { corpus, attacks: attacks as AttackName[], days, isStarted, isUnweighed, seed, config };
}

function textsOf({ corpus, seed }: Options): Texts {
  return corpus === undefined ? inventedTexts(seed) : corpusTexts(corpus, seed);
}

async function withCommunity(
  { isStarted, config }: Options,
  isUnweighed: boolean,
  act: (community: Community) => Promise<void>,
): Promise<void> {
  const starter = isStarted ? loadStarter(config.bayes.starter) : undefined;
  const community = await createCommunity({ config, starter, isUnweighed });
  try {
    await act(community);
  } finally {
    await community.close();
  }
}

async function printMovements(options: Options): Promise<void> {
  console.log(`probability before → after (largest move of one message)\n${cells(['', ...SUBJECTS])}`);
  for (const name of options.attacks)
    await withCommunity(options, options.isUnweighed, async (community) => {
      const texts = textsOf(options);
      const probes = probesOf(texts);
      await teachHonestly(community, texts);
      const act = () => collude(community, texts, { attack: ATTACKS[name], days: options.days });
      const moved = await movementOf(community, probes, act);
      const figures = SUBJECTS.map((subject) => {
        const { before, after, largest } = moved[subject];
        return `${before.toFixed(3)} → ${after.toFixed(3)} (${largest.toFixed(3)})`;
      });
      console.log(cells([name, ...figures]));
    });
}

async function printCost(options: Options): Promise<void> {
  const head = COST_LESSONS.map((lessons) => `after ${lessons}`);
  console.log(`\nspam caught % / ham blocked % after honest reports\n${cells(['', ...head])}`);
  for (const reporters of COST_REPORTERS)
    for (const isUnweighed of [true, false])
      await withCommunity(options, isUnweighed, async (community) => {
        const texts = textsOf(options);
        const probes = probesOf(texts);
        const figures: string[] = [];
        let from = 0;
        for (const lessons of COST_LESSONS) {
          await teachHonestly(community, texts, { lessons, reporters, from });
          from = lessons;
          figures.push(`${blocked(community, probes, 'spam')} / ${blocked(community, probes, 'ham')}`);
        }
        console.log(cells([`${reporters} users${isUnweighed ? ', whole' : ''}`, ...figures]));
      });
}

function blocked(community: Community, probes: Probes, subject: 'spam' | 'ham'): string {
  const texts = probes[subject];
  const count = texts.filter((text) => community.judge(text).verdict === 'spam').length;
  return ((100 * count) / texts.length).toFixed(0);
}

function cells(texts: readonly string[]): string {
  return texts
    .map((text, index) => text.padEnd(index === 0 ? 19 : 23))
    .join('')
    .trimEnd();
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return console.log(USAGE);
  await printMovements(options);
  await printCost(options);
}

try {
  await main();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  process.exitCode = 64;
}
