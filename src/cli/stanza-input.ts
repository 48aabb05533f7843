import { createReadStream } from 'node:fs';
import { CliError, cannotRead, EXIT } from './exit.ts';
import { STANDARD_INPUT } from './standard-input.ts';

/** Largest stanza that is read; the daemon's own limit is lower. */
const STANZA_BYTES_MAX = 16_777_216;

/** The bytes of a stanza from a file, or from standard input without one. @throws CliError 66, 65 */
export async function readStanzaInput(file: string | undefined): Promise<Buffer> {
  const fromInput = file === undefined || file === STANDARD_INPUT;
  if (fromInput && process.stdin.isTTY) {
    throw new CliError(EXIT.usage, 'There is no stanza; name a file, or pipe one in.');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of fromInput ? process.stdin : createReadStream(file)) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > STANZA_BYTES_MAX) break;
    }
  } catch (cause) {
    throw cannotRead(file ?? STANDARD_INPUT, cause);
  }
  if (bytes > STANZA_BYTES_MAX)
    throw new CliError(EXIT.badInput, 'This is no stanza: it is longer than 16 MiB.');
  if (bytes === 0) throw new CliError(EXIT.noInput, 'The stanza is empty; name a file that holds one.');
  return Buffer.concat(chunks);
}
