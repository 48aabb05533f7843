import type { LoadedConfig } from '../../config/load.ts';
import { originOf } from '../../config/origin.ts';

/** What `config check` has found. */
export interface Finding {
  /** `problem` keeps the daemon from starting, `hint` something in it from working; a `note` cannot be decided from here. */
  readonly level: 'problem' | 'hint' | 'note';
  /** Key or unit that it is about; undefined where it is about none. */
  readonly about?: string;
  /** Line or variable that its value comes from; undefined for defaults. */
  readonly place?: string;
  /** What is wrong, and what to do. */
  readonly text: string;
}

/** A finding about a key, dotted, places in lists included, with where its value comes from. */
export function findingAbout(
  level: Finding['level'],
  key: string,
  { sources }: LoadedConfig,
  text: string,
): Finding {
  const origin = originOf(key.split('.'), sources);
  if (origin.kind === 'default') return { level, about: key, text };
  const place = origin.kind === 'file' ? `line ${origin.line}` : origin.variable;
  return { level, about: key, place, text };
}
