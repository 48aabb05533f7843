import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRow } from '../../src/cli/corpus-tsv.ts';
import { extractFeatures, listFeatures } from '../../src/text/extract.ts';
import { clustersOf } from './near-duplicates.ts';
import { SOURCES, type Source } from './sources.ts';

/** The training folder, from the root of a checkout. */
export const CORPORA = '../shared/corpora';

/** A message of a corpus with all that the table needs to know of it. */
export interface Message {
  readonly label: 'spam' | 'ham';
  readonly lang: string;
  readonly text: string;
  readonly source: Source;
  /** Number of its features' hashes, as bytes in a string. */
  readonly hashes: readonly string[];
  /** The same features as a human reads them. */
  readonly features: readonly string[];
  /** Messages that are near-duplicates of each other have the same number. */
  readonly cluster: number;
  /** 1 ÷ size of its cluster. */
  readonly share: number;
}

export interface Row {
  readonly label: 'spam' | 'ham';
  readonly lang: string;
  readonly text: string;
}

/** Rows of a TSV. @throws Error for a line that is none. */
export function readRows(path: string): Row[] {
  if (!existsSync(path))
    throw new Error(`${path} is missing: the corpora are no part of this project, see docs/corpora.md`);
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    if (line === '') return [];
    const row = parseRow(line);
    if (row === undefined) throw new Error(`${path}: line ${index + 1} is no row`);
    return [row];
  });
}

/** All messages of all sources in `folder`, in the order of files and lines. */
export function readMessages(folder: string, sources: readonly Source[] = SOURCES): Message[] {
  const rows = sources.flatMap((source) =>
    readRows(join(folder, `${source.name}.tsv`)).map((row) => ({ ...row, source })),
  );
  const clusters = clustersOf(rows.map(({ text }) => text));
  const sizes = new Map<number, number>();
  for (const cluster of clusters) sizes.set(cluster, (sizes.get(cluster) ?? 0) + 1);
  return rows.map((row, index) => {
    const cluster = clusters[index] as number;
    const hashes = Buffer.from(extractFeatures(row.text).hashes);
    const features = listFeatures(row.text);
    return {
      ...row,
      features,
      hashes: features.map((_, at) => hashes.toString('latin1', 16 * at, 16 * at + 16)),
      cluster,
      share: 1 / (sizes.get(cluster) as number),
    };
  });
}
