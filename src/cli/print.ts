/** Writes a line to standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes a value as one line of JSON to standard output. */
export function printJSON(value: unknown): void {
  print(JSON.stringify(value));
}

/** Writes a line for people to standard error. */
export function note(line: string): void {
  process.stderr.write(`providence: ${line}\n`);
}
