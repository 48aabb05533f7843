import { knownKeys } from '../config/key-path.ts';
import { LABELS } from './tell.ts';

export const COMPLETION_HELP = 'Print what makes bash complete commands and keys; zsh with SHELL=zsh';

/**
 * What the shell offers for the word at the cursor: keys and tables behind `config explain`, labels behind `tell`, else what yargs knows of
 * commands, options and their words.
 */
export function completeKeys(
  current: string,
  { _: words = [] }: { readonly _?: readonly (string | number)[] },
  byDefault: () => void,
  done: (words: string[]) => void,
): void {
  const [, command, subcommand, ...rest] = words;
  const isKey = command === 'config' && subcommand === 'explain' && rest.length === 1 && rest[0] === current;
  const isLabel = command === 'tell' && subcommand === current && !current.startsWith('-');
  if (isKey) done(knownKeys().filter((key) => key.startsWith(current)));
  else if (isLabel) done(LABELS.filter((label) => label.startsWith(current)));
  else byDefault();
}
