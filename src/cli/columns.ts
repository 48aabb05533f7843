/** Widest line that is printed for people: a terminal's usual width. */
export const COLUMNS = 80;

/** Text in lines of at most so many columns; a word that is longer stands alone. */
export function wrap(text: string, columns = COLUMNS): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}

/** A line of a table, with what is too long for a terminal put under its last column, which begins at `indent`. */
export function fold(line: string, indent: number): string[] {
  const at = line.lastIndexOf(' ', COLUMNS);
  if (line.length <= COLUMNS || at <= indent) return [line];
  const rest = wrap(line.slice(at + 1), COLUMNS - indent);
  return [line.slice(0, at), ...rest.map((part) => ' '.repeat(indent) + part)];
}

/** Rows in columns as wide as their widest cell; the last one takes the rest and is wrapped. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.slice(0, -1).entries())
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
  const indent = widths.reduce((sum, width) => sum + width + 2, 0);
  return rows.flatMap((row) => {
    const head = row.slice(0, -1).map((cell, column) => cell.padEnd((widths[column] as number) + 2));
    const [first = '', ...rest] = wrap(row.at(-1) ?? '', COLUMNS - indent);
    return [head.join('') + first, ...rest.map((line) => ' '.repeat(indent) + line)].map((line) =>
      line.trimEnd(),
    );
  });
}
