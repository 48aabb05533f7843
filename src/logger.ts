import pino, { type Logger } from 'pino';
import { LogDestination } from './log-destination.ts';

/**
 * The log: JSON lines on standard error. Bodies never come here; what names a person is cut out by path, should a caller
 * pass a request whole.
 */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['from', 'to', 'body', 'stanza', 'user_key', 'secret', '*.body', '*.from', '*.to'],
        remove: true,
      },
    },
    new LogDestination(2),
  );
}
