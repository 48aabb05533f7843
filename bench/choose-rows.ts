import { existsSync } from 'node:fs';
import { CliError, EXIT } from '../src/cli/exit.ts';
import { type Row, rows } from './rows.ts';

/**
 * The rows of these names, in the order of reports; all where none is named. A name stands for all rows that begin so: `youtube`.
 * @throws CliError where the folder is missing, or a name is unknown
 */
export function chooseRows(corpora: string, names: readonly string[]): Row[] {
  if (!existsSync(corpora)) {
    const what =
      'the corpora are no part of this project, see docs/corpora.md; name their folder with --corpora';
    throw new CliError(EXIT.noInput, `${corpora} is missing: ${what}.`);
  }
  const all = rows(corpora);
  const matches = ({ name }: Row, word: string) => name === word || name.startsWith(`${word}-`);
  const unknown = names.find((word) => !all.some((row) => matches(row, word)));
  if (unknown !== undefined)
    throw new CliError(
      EXIT.usage,
      `--row: there is no "${unknown}"; there are ${all.map(({ name }) => name).join(', ')}`,
    );
  return names.length === 0 ? all : all.filter((row) => names.some((word) => matches(row, word)));
}
