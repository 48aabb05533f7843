import { parse } from 'smol-toml';
import { describeKeys, knownKeys, nearestOf } from './key-path.ts';
import type { KeyPath } from './toml-lines.ts';

const PREFIX = 'PROVIDENCE_';
const SEPARATOR = '__';
/** Environment variables of the programs themselves, not keys of the file. */
const RESERVED = new Set(['PROVIDENCE_CONFIG', 'PROVIDENCE_SOCKET']);

/** A variable that sets a key. */
export interface Override {
  readonly name: string;
  readonly path: KeyPath;
  readonly value: unknown;
}

/** A variable that looks like a key and is none. */
export interface UnusedVariable {
  readonly name: string;
  /** The variable that may have been meant. */
  readonly nearest: string | undefined;
}

/** Variables that set keys, tables before what is in them. */
export function overridesOf(env: NodeJS.ProcessEnv): readonly Override[] {
  return ownNames(env)
    .filter(isKey)
    .map((name) => ({
      name,
      path: name.slice(PREFIX.length).toLowerCase().split(SEPARATOR),
      value: readValue(env[name] as string),
    }));
}

/**
 * Variables with the prefix that name no table and key. They are told, not refused: a container host sets such ones
 * unasked, as Kubernetes does `PROVIDENCE_PORT` for a service named providence.
 * @param config that may name a variable as the source of a secret
 */
export function unusedVariables(env: NodeJS.ProcessEnv, config: object): readonly UnusedVariable[] {
  const names = ownNames(env).filter((name) => !isKey(name));
  if (names.length === 0) return [];
  const tree = JSON.stringify(config);
  const known = knownKeys().map((key) => variableOf(key.split('.')));
  const foreign = names.filter((name) => !tree.includes(`"environment:${name}"`));
  return foreign.map((name) => ({ name, nearest: nearestOf(name, known, PREFIX.length) }));
}

/** The environment variable that sets a key. */
export function variableOf(path: KeyPath): string {
  return PREFIX + path.join(SEPARATOR).toUpperCase();
}

/** By the underscores between table and key; a key that is in no table has none. */
function isKey(name: string): boolean {
  return (
    name.includes(SEPARATOR, PREFIX.length) || describeKeys().some(({ key }) => variableOf([key]) === name)
  );
}

/** Sorted, so that the outcome does not hang on the order of the environment. */
function ownNames(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !RESERVED.has(name) && env[name] !== undefined)
    .sort();
}

/** A value is TOML where it reads as TOML (numbers, true, lists), else a string. */
function readValue(text: string): unknown {
  try {
    return parse(`value = ${text}`)['value'];
  } catch {
    return text;
  }
}
