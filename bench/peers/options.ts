import { parseArgs } from 'node:util';
import { CORPORA } from '../../packaging/starter/messages.ts';
import { words } from '../eval/options.ts';
import type { Peer } from './peer.ts';
import { PEERS } from './peers.ts';

export interface PeersOptions {
  /** Rows by name, or by what their names begin with; empty = all. */
  readonly only: readonly string[];
  readonly peers: readonly Peer[];
  /** The filters were asked for by name. */
  readonly chosen: boolean;
  /** File for all figures. */
  readonly json: string | undefined;
  /** Folder with `train` and `eval`. */
  readonly corpora: string;
}

const NAMES = PEERS.map(({ name }) => name).join(', ');

export const USAGE = `npm run bench:peers [-- OPTIONS]
How well this filter and others tell spam from ham: each learns each row's
training file from scratch and judges its test file.
  --row NAME,…   some of the rows; "youtube" are all that begin so
  --peer NAME,…  some of the filters:
                 ${NAMES}
  --json FILE    all figures as JSON
  --corpora DIR  where "train" and "eval" are (${CORPORA})`;

/** Undefined where help is asked for. @throws Error on an unknown option or filter */
export function readOptions(args: readonly string[]): PeersOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      row: { type: 'string', multiple: true, default: [] },
      peer: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      corpora: { type: 'string', default: CORPORA },
    },
  });
  if (values.help) return undefined;
  const names = words(values.peer);
  const unknown = names.find((word) => PEERS.every(({ name }) => name !== word));
  if (unknown !== undefined) throw new Error(`--peer: there is no "${unknown}"; there are ${NAMES}`);
  const chosen = names.length > 0;
  return {
    only: words(values.row),
    peers: chosen ? PEERS.filter(({ name }) => names.includes(name)) : PEERS,
    chosen,
    json: values.json,
    corpora: values.corpora,
  };
}
