import { styleText } from 'node:util';

type Style = 'red' | 'yellow' | 'green' | 'bold' | 'dim';

/** Text in a colour, where standard output takes colours. */
export function paint(style: Style, text: string): string {
  return takesColours(process.stdout, process.env) ? styleText(style, text, { validateStream: false }) : text;
}

/**
 * Whether colours are wanted: never with `NO_COLOR` (no-color.org), else as `FORCE_COLOR` says (`0` and `false`: never,
 * anything else: always), else on a terminal that is not dumb. An empty variable is none.
 */
export function takesColours({ isTTY }: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return !['0', 'false'].includes(env['FORCE_COLOR']);
  return isTTY === true && env['TERM'] !== 'dumb';
}
