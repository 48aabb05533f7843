import type { Override } from './environment.ts';
import { type KeyPath, lineOfKey, lineOfValue } from './toml-lines.ts';

/** Where a value in force comes from. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number }
  | { readonly kind: 'environment'; readonly variable: string };

/** All that a configuration was put together from. */
export interface Sources {
  /** The file as TOML; '' without one. */
  readonly text: string;
  /** Name of the file for people. */
  readonly name: string;
  readonly overrides: readonly Override[];
}

/** Where the value of a key, a list or a list's entry comes from. */
export function originOf(path: KeyPath, { text, name, overrides }: Sources): Origin {
  const override = overrides.findLast((one) => isWithin(one.path, path) || hasValue(one, path));
  if (override !== undefined) return { kind: 'environment', variable: override.name };
  const replaced = overrides.some((one) => isWithin(path, one.path));
  const line = replaced ? undefined : lineOfValue(text, path);
  return line === undefined ? { kind: 'default' } : { kind: 'file', file: name, line };
}

/** Where to look for what is wrong with a key: the variable, else the file with the line, if there is a right one. */
export function placeOf(path: KeyPath, { text, name, overrides }: Sources): string {
  const override = overrides.findLast((one) => isWithin(path, one.path) || isWithin(one.path, path));
  if (override !== undefined) return override.name;
  const line = lineOfKey(text, path);
  return line === undefined ? name : `${name}: line ${line}`;
}

function isWithin(path: KeyPath, outer: KeyPath): boolean {
  return outer.length <= path.length && outer.every((name, depth) => path[depth] === name);
}

/** Whether a variable that sets a whole table or list says something of a key in it. */
function hasValue({ path: outer, value }: Override, path: KeyPath): boolean {
  if (!isWithin(path, outer)) return false;
  let node = value;
  for (const name of path.slice(outer.length)) node = (node as Record<string, unknown> | null)?.[name];
  return node !== undefined;
}
