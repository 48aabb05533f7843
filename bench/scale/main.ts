import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { surroundings } from '../report.ts';
import { linesOf } from './print.ts';
import { startCost } from './start.ts';
import { LARGE, MILLION, SMALL } from './stores.ts';
import { textCost } from './text.ts';
import { trainingCosts } from './training.ts';
import { verdictCosts } from './verdicts.ts';

const USAGE = `npm run bench:scale [-- OPTIONS]
  --json        one JSON object instead of the table
  --rounds N    runs of which the median counts (5)
  --only PARTS  some of: text,verdicts,start,training`;

const PARTS = ['text', 'verdicts', 'start', 'training'] as const;

async function main(): Promise<void> {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      help: { type: 'boolean' },
      rounds: text('5'),
      only: text(PARTS.join()),
    },
  });
  if (values.help) return console.log(USAGE);
  const rounds = Math.max(1, Number(values.rounds) || 1);
  const wants = (part: (typeof PARTS)[number]) => values.only.split(',').includes(part);
  const loadBefore = loadavg()[0];
  const ofText = wants('text') ? await textCost(rounds, progress) : undefined;
  const [small, large] = wants('verdicts') ? await verdictCosts([SMALL, LARGE], rounds, progress) : [];
  const start = wants('start') ? await startCost(MILLION, rounds, progress) : undefined;
  const training = wants('training') ? await trainingCosts(rounds, progress) : undefined;
  progress('');
  const ratio = small && large ? large.cpu_us / small.cpu_us : undefined;
  const machine = { ...surroundings(), load_before: loadBefore, load_after: loadavg()[0] };
  const report = { rounds, text: ofText, small, large, ratio, start, training, ...machine };
  if (values.json) return console.log(JSON.stringify(report));
  for (const line of linesOf(report)) console.log(line);
}

/** What goes on, on one line of the terminal that is written over. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

await main();
