import { refusal } from '../pnp/refusal.ts';
import type { PruneStep } from '../store/archive.ts';
import type { Store } from '../store/store.ts';

/** What LESSONS may be asked to do [PNP-4]. */
export const ACTS = ['stats', 'dump', 'restore', 'prune'] as const;
export type Act = (typeof ACTS)[number];

type Shown = Pick<Store, 'archive' | 'sizes'>;

/** Names and values, one a line, each line with its CRLF. */
type Lines = readonly (readonly [name: string, value: string | number])[];

const LINE = /^([a-z_]{1,32}) (\S+)$/;
const NONE = Buffer.alloc(0);
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * One step of an act: lines in, lines out. Also for who has opened the store by itself, where no daemon runs.
 * @throws RequestError, StoreError `degraded`
 */
export async function actOn(store: Shown, act: Act, body: string): Promise<string> {
  const asked = linesOf(body);
  switch (act) {
    case 'stats':
      return written(stats(store));
    case 'dump':
      return written(dump(store, asked));
    case 'restore':
      return written(await restore(store, asked));
    case 'prune':
      return written(await prune(store, asked));
  }
}

/** @throws RequestError `unknown-act` */
export function actOf(word: string | undefined): Act {
  const act = ACTS.find((known) => known === word);
  if (act !== undefined) return act;
  throw refusal('unknown-act', `Act is one of ${ACTS.join(', ')}`);
}

function stats(store: Shown): Lines {
  const { lessons, spam, ham, oldestAt, users, lessonBytes, userBytes, serverBytes } =
    store.archive.overview();
  const {
    serverTokens,
    serverTokensMax,
    serverTokensRefused,
    starterTokens,
    hosts,
    userTablesCached,
    traceBytes,
    fileBytes,
  } = store.sizes();
  return [
    ['lessons', lessons],
    ['spam', spam],
    ['ham', ham],
    ...(oldestAt === undefined ? [] : [['oldest_at', oldestAt] as const]),
    ['tokens', serverTokens],
    ['tokens_max', serverTokensMax],
    ['tokens_refused', serverTokensRefused],
    ['starter_tokens', starterTokens],
    ['hosts', hosts],
    ['users', users],
    ['user_tables_cached', userTablesCached],
    ['lesson_bytes', lessonBytes],
    ['user_bytes', userBytes],
    ['server_bytes', serverBytes],
    ['trace_bytes', traceBytes],
    ['store_bytes', fileBytes],
  ];
}

function dump({ archive }: Shown, asked: Lines): Lines {
  const { lessons, next } = archive.page(numberOf(asked, 'after'));
  return [
    ['secret', archive.fingerprint],
    ['schema', archive.schema],
    ...lessons.map((piece) => ['lesson', piece.toString('base64')] as const),
    ...(next === undefined ? [] : [['next', next] as const]),
  ];
}

async function restore({ archive }: Shown, asked: Lines): Promise<Lines> {
  if (lineOf(asked, 'secret') !== archive.fingerprint)
    throw refusal('other-secret', 'These lessons are sealed with another secret than that of this store');
  if (lineOf(asked, 'schema') !== `${archive.schema}`)
    throw refusal(
      'other-schema',
      `These lessons are not of schema ${archive.schema}; restore them with the version that wrote them`,
    );
  const counts = { restored: 0, unchanged: 0, 'other-key': 0, damaged: 0 };
  const pieces = asked.filter(([name]) => name === 'lesson').map(([, text]) => pieceOf(`${text}`));
  for (const outcome of await Promise.all(pieces.map((piece) => archive.restore(piece))))
    counts[outcome] += 1;
  return [
    ['restored', counts.restored],
    ['unchanged', counts.unchanged],
    ['other_key', counts['other-key']],
    ['damaged', counts.damaged],
  ];
}

/** What is no base64 is as damaged as what holds another lesson: the others of the file are sound. */
function pieceOf(text: string): Buffer {
  return BASE64.test(text) ? Buffer.from(text, 'base64') : NONE;
}

async function prune({ archive }: Shown, asked: Lines): Promise<Lines> {
  const of = lineOf(asked, 'of');
  if (of !== 'users' && of !== 'all') throw refusal('bad-lines', 'The line "of" says "users" or "all"');
  const step: PruneStep = { after: numberOf(asked, 'after'), before: numberOf(asked, 'before'), of };
  const { dropped, next } = await archive.prune(step);
  return [['dropped', dropped], ...(next === undefined ? [] : [['next', next] as const])];
}

function linesOf(body: string): Lines {
  const lines = body.split('\r\n');
  if (lines.pop() !== '') throw refusal('bad-lines', 'Each line of the body ends with CRLF');
  return lines.map((line) => {
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw refusal('bad-lines', 'A line is a name, a space and a value');
    return [name, value];
  });
}

function lineOf(lines: Lines, name: string): string {
  const value = lines.find(([known]) => known === name)?.[1];
  if (value === undefined) throw refusal('bad-lines', `The line "${name}" is missing`);
  return `${value}`;
}

/** A whole number that no calculation rounds. */
function numberOf(lines: Lines, name: string): number {
  const value = lineOf(lines, name);
  if (/^[0-9]{1,15}$/.test(value)) return Number(value);
  throw refusal('bad-lines', `The line "${name}" holds a whole number`);
}

function written(lines: Lines): string {
  return lines.map(([name, value]) => `${name} ${value}\r\n`).join('');
}
