import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory, and those above it that are missing. Not by `mkdirSync` with `recursive`: where the system denies a
 * directory by ENOENT though the one above it is there, as under /proc, Node 20 goes round for ever.
 * @throws the system's error
 */
export function makeDirectories(path: string, mode: number): void {
  // A whole path, since the way up ends at the root alone: `.` may be denied, and is above itself.
  const whole = resolve(path);
  const missing = [whole];
  for (let above = dirname(whole); !existsSync(above); above = dirname(above)) missing.push(above);
  for (const directory of missing.reverse()) makeDirectory(directory, mode);
}

/** Another process may have made it a moment ago. */
function makeDirectory(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    if (!isThere || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}
