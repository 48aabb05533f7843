import { join } from 'node:path';
import { CORPORA, type Row as Message, readRows } from '../packaging/starter/messages.ts';
import { clustersOf } from '../packaging/starter/near-duplicates.ts';

export type { Message };

/** A task of the evaluation: a filter learns from one side and judges the other. Read when first asked for. */
export interface Row {
  readonly name: string;
  readonly train: readonly Message[];
  readonly test: readonly Message[];
}

/** Share of the clusters that a split gives to the training side. */
export const TRAIN_SHARE = 0.7;

/** Every task, in the order of reports. `folder` holds `train` and `eval` (docs/corpora.md). */
export function rows(folder: string = CORPORA): Row[] {
  const read = (path: string) => () => readRows(join(folder, `${path}.tsv`));
  const pair = (name: string, path: string) =>
    row(name, read(`eval/${path}.train`), read(`eval/${path}.test`));
  return [
    pair('sms-almeida', 'sms-almeida2011'),
    row('sms-cluster', read('train/sms-en'), read('eval/sms-deanon-cluster.test')),
    pair('turkish', 'turkish-sms-cluster'),
    pair('thai', 'thai-sms-cluster'),
    pair('indonesian', 'indonesian-sms-hash'),
    cut('chinese', read('eval/chinese-chat-cluster.train')),
    pair('youtube-psy', 'youtube-01-9bZkp7q19f0'),
    pair('youtube-perry', 'youtube-04-CevxZvSJLk8'),
    pair('youtube-lmfao', 'youtube-07-KQ6zr6kCPj8'),
    pair('youtube-eminem', 'youtube-08-uelHwf8o7_U'),
    pair('youtube-shakira', 'youtube-09-pRpeEdMmmQ0'),
  ];
}

/**
 * Cuts messages in two so that near-duplicates of each other stay on one side. A hash of a cluster's number says on which, so
 * that large and small clusters are cut alike. Both sides are in the order of the file. The same messages, the same cut.
 */
export function split(messages: readonly Message[]): Omit<Row, 'name'> {
  const train = new Set<Message>();
  for (const [root, cluster] of clustersByRoot(messages))
    if (placeOf(root) < TRAIN_SHARE * 2 ** 32) for (const message of cluster) train.add(message);
  return {
    train: messages.filter((message) => train.has(message)),
    test: messages.filter((message) => !train.has(message)),
  };
}

/** Clusters of near-duplicates, in an order that has nothing to do with the file, and is always the same. */
export function shuffledClusters(messages: readonly Message[]): Message[][] {
  return [...clustersByRoot(messages)]
    .sort(([one], [other]) => placeOf(one) - placeOf(other))
    .map(([, cluster]) => cluster);
}

function clustersByRoot(messages: readonly Message[]): Map<number, Message[]> {
  const clusters = new Map<number, Message[]>();
  for (const [index, root] of clustersOf(messages.map(({ text }) => text)).entries()) {
    const cluster = clusters.get(root) ?? [];
    cluster.push(messages[index]!);
    clusters.set(root, cluster);
  }
  return clusters;
}

/** The finaliser of MurmurHash3: neighbours come apart. */
function placeOf(root: number): number {
  let mixed = Math.imul(root ^ (root >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function cut(name: string, read: () => Message[]): Row {
  const sides = once(() => split(read()));
  return row(
    name,
    () => sides().train,
    () => sides().test,
  );
}

function row(name: string, readTrain: () => readonly Message[], readTest: () => readonly Message[]): Row {
  const [train, test] = [once(readTrain), once(readTest)];
  return {
    name,
    get train() {
      return train();
    },
    get test() {
      return test();
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
