import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { chat } from './stanzas.ts';

/**
 * Makes a fixture of test/fixtures/stores with the daemon of another commit, checked out and built somewhere:
 * `node dist/test/make-store.js CHECKOUT FIXTURE`. It learns, is given time to write its tables, learns more, and is killed:
 * so its tables hold some lessons and the log holds all.
 */
interface Lesson {
  readonly label: 'spam' | 'ham' | 'forget';
  readonly text: string;
  /** Undefined: the operator. */
  readonly reporter?: string;
}

const CHECKPOINT_SECONDS = 1;
const USERS = ['juliet@capulet.example', 'romeo@montague.example'];
const WORDS = {
  spam: 'tulip rebate voucher sweepstake turbo lottery gadget coupon refinance premium miracle bargain',
  ham: 'harbour violin compost ferry saddle museum kettle orchard timetable lantern gravel chimney',
  juliet: 'balcony nurse vault tower orchestra lute masque torch garden window crypt rapier',
} as const;

function text(words: string, number: number): string {
  const all = words.split(' ');
  const picked = [0, 1, 2, 3, 4].map((step) => all[(number * 5 + step * (1 + (number % 3))) % all.length]);
  return `${picked.join(' ')} number${number}`;
}

function lessonsOf(numbers: readonly number[], reporter?: string): Lesson[] {
  const who = reporter === undefined ? {} : { reporter };
  const ham = reporter === USERS[0] ? WORDS.juliet : WORDS.ham;
  return numbers.flatMap((number): Lesson[] => [
    { label: 'spam', text: text(WORDS.spam, number), ...who },
    { label: 'ham', text: text(ham, number), ...who },
  ]);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** What the tables may hold, and what the log alone does. */
const FIRST: Lesson[] = [
  ...lessonsOf(range(0, 20)),
  ...USERS.flatMap((user) => lessonsOf(range(20, 24), user)),
];
const LAST: Lesson[] = [
  ...lessonsOf(range(24, 26)),
  ...USERS.flatMap((user) => lessonsOf(range(30, 33), user)),
  { label: 'forget', text: text(WORDS.spam, 0) },
  { label: 'ham', text: text(WORDS.spam, 20), reporter: USERS[1]! },
];

async function main(checkout: string, fixture: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'pv-make-'));
  writeFileSync(
    join(dir, 'providence.toml'),
    `listen.unix = [{ path = "${dir}/a.sock", rights = ["check", "learn", "users", "admin"] }]
listen.tcp = []
http.host = ""
store.directory = "${dir}/store"
store.secret_file = "${dir}/secret"
store.checkpoint_seconds = ${CHECKPOINT_SECONDS}`,
  );
  const serve = [resolve(checkout, 'dist/src/main.js'), 'serve', '--config', join(dir, 'providence.toml')];
  const daemon = spawn(process.execPath, serve, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: daemon.stdout })) if (line.startsWith('Ready.')) break;
  const client = new PnpClient({ path: join(dir, 'a.sock'), timeoutMs: 10_000 });
  const tell = async ({ label, text, reporter }: Lesson) => {
    const facts = reporter === undefined ? {} : { to: reporter };
    await client.check(chat(text), { to: USERS[0]!, ...facts });
    await client.tell({ label, stanza: chat(text), facts });
  };
  for (const lesson of FIRST) await tell(lesson);
  await sleep(3 * CHECKPOINT_SECONDS * 1_000);
  for (const lesson of LAST) await tell(lesson);
  daemon.kill('SIGKILL');
  await once(daemon, 'exit');
  client.close();
  mkdirSync(fixture, { recursive: true });
  copyFileSync(join(dir, 'store/data.mdb'), join(fixture, 'data.mdb'));
  copyFileSync(join(dir, 'secret'), join(fixture, 'secret'));
  writeFileSync(join(fixture, 'lessons.json'), `${JSON.stringify([...FIRST, ...LAST], null, 1)}\n`);
}

await main(process.argv[2]!, process.argv[3]!);
