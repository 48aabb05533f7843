import { SingleBar } from 'cli-progress';
import { corpusBytes } from './corpus.ts';
import { STANDARD_INPUT } from './standard-input.ts';

/** The bar is told of so many steps at most: it guesses the time left from the last few of them. */
const STEPS = 200;

export interface Progress {
  /** So much more of the files is read. */
  add(bytes: number): void;
  /** Gives the terminal back; may be called again. */
  stop(): void;
}

const NONE: Progress = { add: () => undefined, stop: () => undefined };

/** A bar over the bytes read, for people at a terminal; none where the size is not known. */
export async function startProgress(files: readonly string[]): Promise<Progress> {
  if (!process.stderr.isTTY || files.includes(STANDARD_INPUT)) return NONE;
  const sizes = await Promise.all(files.map(corpusBytes));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const bar = new SingleBar({ format: '{bar} {percentage} %  {eta_formatted} left', hideCursor: true });
  bar.start(total, 0);
  let added = 0;
  return {
    add: (bytes) => {
      added += bytes;
      if (added < total / STEPS) return;
      bar.increment(added);
      added = 0;
    },
    stop: () => {
      if (bar.isActive) bar.stop();
    },
  };
}
