import type { KeyDescription } from '../config/key-path.ts';
import { spoken } from '../config/quantity.ts';
import { toml } from './toml-value.ts';

/** What a key takes, in words: type, words to choose from, unit, length. */
export function typeText({ type, unit, words, lengthMax }: KeyDescription): string {
  const of = words === undefined ? '' : `: ${words.join(', ')}`;
  const noun = type === 'text' ? 'characters' : 'entries';
  const most = lengthMax === undefined ? '' : `, at most ${lengthMax} ${noun}`;
  return `${type}${of}${unit === undefined ? '' : `, ${unit}`}${most}`;
}

/** Least and greatest number; undefined for what is no number. */
export function boundsText({ minimum, maximum, unit }: KeyDescription): string | undefined {
  if (minimum === undefined || maximum === undefined) return undefined;
  return `${quantity(minimum, unit)} to ${quantity(maximum, unit)}`;
}

/** @param quoted puts marks around what is TOML */
export function defaultText(
  { default: value, required, unit }: KeyDescription,
  quoted = (text: string) => text,
): string {
  if (value === undefined) return required ? 'none: it must be given' : 'none';
  return typeof value === 'number' ? quantity(value, unit) : quoted(toml(value));
}

function quantity(value: number, unit: string | undefined): string {
  const short = spoken(value, unit);
  return short === undefined ? `${value}` : `${value} (${short})`;
}
