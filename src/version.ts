import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Version of the software, from the package.json above `dist`. */
export function version(): string {
  const path = join(import.meta.dirname, '../../package.json');
  return String((JSON.parse(readFileSync(path, 'utf8')) as { version: unknown }).version);
}
