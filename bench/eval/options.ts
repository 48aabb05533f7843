import { parseArgs } from 'node:util';
import { CORPORA } from '../../packaging/starter/messages.ts';

export const STUDIES = [
  'calibration',
  'online',
  'users',
  'hosts',
  'few',
  'month',
  'bias',
  'evasion',
  'copies',
] as const;
export type StudyName = (typeof STUDIES)[number];

export interface EvalOptions {
  /** The table of rows is wanted; false where studies are. */
  readonly rows: boolean;
  readonly studies: readonly StudyName[];
  readonly cv: boolean;
  /** Rows by name, or by what their names begin with; empty = all. */
  readonly only: readonly string[];
  /** File for the whole report. */
  readonly json: string | undefined;
  /** Configuration file; undefined = the defaults. */
  readonly config: string | undefined;
  /** Folder with `train` and `eval`. */
  readonly corpora: string;
}

export const USAGE = `npm run eval [-- OPTIONS]
How well the filters of this checkout tell spam from ham. Without options: each
row learns its training file from scratch and judges its test file; then the
starter table alone judges files of ham.
  --cv             choose a design: training files alone, each cross-validated
                   in five parts by near-duplicates; no test file is read
  --row NAME,…     some of the rows, also for calibration, online, evasion and
                   copies; "youtube" are all that begin so
  --study NAME,…   instead of the rows:
                   ${STUDIES.slice(0, 4).join(', ')},
                   ${STUDIES.slice(4).join(', ')};
                   "all" are the rows and all of these
  --config FILE    another configuration than the defaults
  --json FILE      the whole report, with more figures, as JSON
  --corpora DIR    where "train" and "eval" are (${CORPORA})
Test files are for reports: read them once for each, and never to choose a
design, a constant or a threshold by. That is what --cv is for.`;

/** Undefined when help is asked for. @throws Error on an unknown option or study */
export function readOptions(args: readonly string[]): EvalOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      cv: { type: 'boolean', default: false },
      row: { type: 'string', multiple: true, default: [] },
      study: { type: 'string', multiple: true, default: [] },
      config: { type: 'string' },
      json: { type: 'string' },
      corpora: { type: 'string', default: CORPORA },
    },
  });
  if (values.help) return undefined;
  const studies = words(values.study);
  const unknown = studies.find((word) => word !== 'all' && !isStudy(word));
  if (unknown !== undefined)
    throw new Error(`--study: there is no "${unknown}"; there are ${STUDIES.join(', ')} and all`);
  const isAll = studies.includes('all');
  return {
    rows: studies.length === 0 || isAll,
    studies: STUDIES.filter((name) => isAll || studies.includes(name)),
    cv: values.cv,
    only: words(values.row),
    json: values.json,
    config: values.config,
    corpora: values.corpora,
  };
}

/** Words of an option that may be given again, and may have several, parted by commas. */
export function words(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',')).map((word) => word.trim());
}

function isStudy(word: string): word is StudyName {
  return STUDIES.some((name) => name === word);
}
