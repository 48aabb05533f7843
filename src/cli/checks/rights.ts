import type { Config } from '../../config/schema.ts';
import type { Right } from '../../pnp/grammar.ts';

/** Whether any listener or credential lets its callers do so. */
export function someCallerMay({ listen, credentials }: Config, right: Right): boolean {
  return [...listen.unix, ...listen.tcp, ...credentials].some(({ rights }) => rights.includes(right));
}
