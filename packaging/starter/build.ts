import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeStarter, SHIPPED_STARTER, STARTER_BYTES_MAX } from '../../src/store/starter.ts';
import { CORPORA, type Message, readMessages } from './messages.ts';
import { balanceOf, tokensOf } from './statistics.ts';

/** The table of these messages as a file. @throws Error where it is too large to be read */
export function buildStarter(messages: readonly Message[]): Buffer {
  const tokens = tokensOf(messages);
  const hashes = Buffer.from(tokens.map(({ hash }) => hash).join(''), 'latin1');
  const file = encodeStarter(
    hashes,
    Uint16Array.from(tokens, ({ share }) => share),
  );
  if (file.length > STARTER_BYTES_MAX) throw new Error(`the table has ${file.length} bytes: too many`);
  return file;
}

/** `npm run build:starter`: writes the table that is shipped. */
if (process.argv[1] === import.meta.filename) {
  const messages = readMessages(join(CORPORA, 'train'));
  const file = buildStarter(messages);
  writeFileSync(SHIPPED_STARTER, file);
  const { spam, ham, neutral } = balanceOf(tokensOf(messages));
  process.stdout.write(
    `${messages.length} messages, ${new Set(messages.map(({ cluster }) => cluster)).size} distinct; ` +
      `${spam + ham + neutral} tokens: ${spam} spam, ${ham} ham, ${neutral} neither; ${file.length} bytes\n`,
  );
}
