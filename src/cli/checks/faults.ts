import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '../../server/unix-socket.ts';
import { exitCodeOf, sentenceOf } from '../exit.ts';

const { W_OK, X_OK } = constants;

/** Why this user cannot write in a directory, or make it; undefined where it can. */
export function directoryFault(path: string): string | undefined {
  let there = path;
  while (!existsSync(there) && there !== dirname(there)) there = dirname(there);
  try {
    if (!statSync(there).isDirectory())
      return `${there} is no directory. Move it away, or choose another path.`;
    accessSync(there, W_OK | X_OK);
    return undefined;
  } catch (error) {
    const verb = there === path ? 'cannot be written by this user' : 'cannot be seen or made by this user';
    return `The directory ${path} ${verb} (${codeOf(error)}). Give it to the user that runs the daemon: install -d -o USER ${path}`;
  }
}

/** The sentence of a start that would be refused. */
export function refusalOf(look: () => unknown): string | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    if (exitCodeOf(error) === undefined) throw error;
    return sentenceOf(error as Error);
  }
}
