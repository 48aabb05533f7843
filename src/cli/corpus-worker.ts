import { parentPort, workerData } from 'node:worker_threads';
import { CorpusReader, type Labelled } from './corpus-reader.ts';

const reader = new CorpusReader(Buffer.from(workerData as Uint8Array));

parentPort?.on('message', (stanzas: readonly Labelled[]) => {
  const batch = reader.read(stanzas, Date.now());
  parentPort?.postMessage(batch, [batch.records.buffer as ArrayBuffer]);
});
