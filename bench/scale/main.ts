import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { surroundings } from '../report.ts';
import { startCost } from './start.ts';
import { LARGE, MILLION, SMALL, tokensOf, usersOf } from './stores.ts';
import { STAGES, textCost } from './text.ts';
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
  const rows: (readonly (string | number)[])[] = [];
  if (ofText)
    rows.push(...STAGES.map((stage) => [`text: ${NAMES[stage]}`, `${ofText[stage].toFixed(1)} µs CPU`, '']), [
      'text: all of it',
      `${ofText.all.toFixed(1)} µs CPU`,
      `bar <= 22; ${ofText.judged} messages of 80 to 150 characters, ${ofText.source}`,
    ]);
  if (small && large)
    rows.push(
      [
        `verdict, ${tokensOf(SMALL)} tokens, ${usersOf(SMALL)} users`,
        `${small.cpu_us.toFixed(1)} µs CPU`,
        `${small.per_s.toFixed(0)}/s`,
      ],
      [
        `verdict, ${tokensOf(LARGE)} tokens, ${usersOf(LARGE)} users`,
        `${large.cpu_us.toFixed(1)} µs CPU`,
        `${large.per_s.toFixed(0)}/s, ${large.rss_anon_mb.toFixed(0)} MB`,
      ],
      ['the second ÷ the first', (ratio as number).toFixed(2), 'bar <= 1.5'],
    );
  if (start)
    rows.push([
      `start, ${MILLION.serverTokens} tokens`,
      `${start.store_ms} ms`,
      `bar <= 1000; starter ${start.starter_ms} ms, CPU ${start.cpu_ms.toFixed(0)} ms`,
    ]);
  if (training)
    for (const [name, cost] of Object.entries(training))
      rows.push([
        `train, ${name}`,
        `${cost.per_s}/s`,
        `busiest thread ${cost.busiest_us.toFixed(1)} µs, all ${cost.all_us.toFixed(1)} µs a message`,
      ]);
  for (const [name, value, note] of rows)
    console.log(`${String(name).padEnd(44)} ${String(value).padStart(12)}   ${note}`);
  console.log(
    `machine ${machine.cpu}, node ${machine.node}, commit ${machine.commit}, load ${machine.load_before?.toFixed(1)} to ${machine.load_after?.toFixed(1)}, ${rounds} rounds`,
  );
}

const NAMES: Readonly<Record<(typeof STAGES)[number], string>> = {
  features: 'features',
  ids: 'keyed ids',
  server: "the server's table",
  user: "the user's table",
  linear: 'the regression',
};

/** What goes on, on one line of the terminal that is written over. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

await main();
