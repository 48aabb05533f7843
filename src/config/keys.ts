import { z } from 'zod';

/** Marks a key that takes effect at the next start only: `key.meta(RESTART)`. A reload names it and leaves it. */
export const RESTART = { restart: true } as const;

/**
 * Marks a key whose being empty or not is settled at the start: what is there may change for something else, at a reload, but
 * it neither comes nor goes.
 */
export const RESTART_TO_SWITCH = { restartToSwitch: true } as const;

/** A number within bounds. The unit stands last in the key's name. */
export function number(fallback: number, bounds: readonly [min: number, max: number], prose: string) {
  return z.number().min(bounds[0]).max(bounds[1]).default(fallback).describe(prose);
}

/** A whole number within bounds. */
export function whole(fallback: number, bounds: readonly [min: number, max: number], prose: string) {
  return z.number().int().min(bounds[0]).max(bounds[1]).default(fallback).describe(prose);
}

/** One word out of a closed list. */
export function oneOf<const T extends readonly [string, ...string[]]>(
  fallback: T[number],
  words: T,
  prose: string,
) {
  return z
    .enum(words)
    .default(fallback as never)
    .describe(prose);
}

/** A table; left out of the file, it holds its defaults. */
export function table<T extends z.core.$ZodLooseShape>(shape: T, prose: string) {
  return z
    .strictObject(shape)
    .prefault({} as never)
    .describe(prose);
}
