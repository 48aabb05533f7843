import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createMessages } from '../bench/generator.ts';
import { createPhraseBank } from '../bench/phrases.ts';

/** A folder as the corpora's, with generated messages. */
export interface EvalCorpora {
  readonly dir: string;
  /** Writes a file of so many messages of a language; another seed has other messages, of the same phrases. */
  write(path: string, count: number, options?: WriteOptions): void;
  remove(): void;
}

export interface WriteOptions {
  readonly seed?: number;
  /** Messages of one class alone. */
  readonly label?: 'spam' | 'ham';
  readonly lang?: string;
  /** In place of spam and ham as they come: half of each, all of one before the other. */
  readonly sorted?: boolean;
}

/** Few enough that they come again in some hundred messages. */
const PHRASES = 100;
const USERS = 2;

export function makeCorpora(): EvalCorpora {
  const dir = mkdtempSync(join(tmpdir(), 'pv-corpora-'));
  const bank = createPhraseBank(1, PHRASES);
  return {
    dir,
    write: (path, count, { seed = 1, label, lang = 'und', sorted = false } = {}) => {
      const stream = createMessages(bank, seed, USERS);
      const lines: string[] = [];
      const wanted = sorted ? { spam: count / 2, ham: count / 2 } : { spam: count, ham: count };
      while (lines.length < count) {
        const { text, spam } = stream.next();
        const own = spam ? 'spam' : 'ham';
        if ((label !== undefined && own !== label) || wanted[own] === 0) continue;
        wanted[own] -= 1;
        lines.push(`${own}\t${lang}\t${text.replace(/[\\\n\t]/g, ' ')}\n`);
      }
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), (sorted ? lines.sort() : lines).join(''));
    },
    remove: () => rmSync(dir, { recursive: true }),
  };
}
