/** The value of a line of LESSONS, undefined where it is not there. */
export function valueIn(lines: string, name: string): string | undefined {
  return new RegExp(`^${name} (\\S+)\\r$`, 'm').exec(lines)?.[1];
}

/** The number in a line; 0 where there is none. */
export function numberIn(lines: string, name: string): number {
  return Number(valueIn(lines, name) ?? 0);
}

/** Lines for LESSONS, each with its end. */
export function written(lines: Readonly<Record<string, string | number>>): string {
  return Object.entries(lines)
    .map(([name, value]) => `${name} ${value}\r\n`)
    .join('');
}

/** A number with its thousands parted. */
export function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
