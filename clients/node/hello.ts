import type { Answer } from './answer.ts';
import { words } from './words.ts';

/** What HELLO tells: version, what is served here, and its limits. */
export interface Hello {
  readonly server: string;
  readonly verbs: readonly string[];
  readonly rights: readonly string[];
  /** Events of OBSERVE that it learns from now. */
  readonly events: readonly string[];
  /** Limits by header name, e.g. `In-Flight-Max`. */
  readonly limits: ReadonlyMap<string, number>;
  readonly answer: Answer;
}

export function readHello(answer: Answer): Hello {
  const { headers } = answer;
  const limits = new Map<string, number>();
  for (const [name, value] of headers) if (name.endsWith('-Max')) limits.set(name, Number(value));
  return {
    server: headers.get('Server') ?? '',
    verbs: words(headers.get('Verbs')),
    rights: words(headers.get('Rights')),
    events: words(headers.get('Events')),
    limits,
    answer,
  };
}
