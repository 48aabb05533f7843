import type { Config } from '../../config/schema.ts';
import type { Right } from '../../pnp/grammar.ts';

/** Whether any listener lets its callers do so. */
export function someCallerMay({ listen }: Config, right: Right): boolean {
  return [...listen.unix, ...listen.tcp].some(({ rights }) => rights.includes(right));
}
