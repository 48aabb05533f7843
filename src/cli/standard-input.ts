/** The name of standard input as a file. It is read through `process.stdin`, since a socket cannot be opened by name. */
export const STANDARD_INPUT = '/dev/stdin';

/** Arguments with `-` spelt out: yargs takes a lone hyphen for an option without a name. */
export function spellOutInput(argv: readonly string[]): string[] {
  return argv.map((argument) => (argument === '-' ? STANDARD_INPUT : argument));
}
