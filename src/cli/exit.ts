import { PnpError } from '../../clients/node/pnp-client.ts';
import { ConfigError, StartError, StoreError } from '../errors.ts';

/** Exit codes of the command line: those of sysexits(3), and 1 for spam where `--exit-code` asks for it. */
export const EXIT = {
  ok: 0,
  spam: 1,
  usage: 64,
  badInput: 65,
  noInput: 66,
  unavailable: 69,
  software: 70,
  ioError: 74,
  tempFail: 75,
  protocol: 76,
  noPermission: 77,
  config: 78,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command that cannot go on; `message` is one sentence that says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** A file, a folder or standard input that the system does not let be read. */
export function cannotRead(path: string, cause: unknown): CliError {
  const { code } = cause as NodeJS.ErrnoException;
  return new CliError(EXIT.noInput, `${path}: cannot be read (${code}); give an existing file.`, { cause });
}

/** The exit code of a failure; undefined for what is no operational failure but a mistake in the program. */
export function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof PnpError) return exitCodeOfCall(error);
  if (error instanceof ConfigError) return EXIT.config;
  if (error instanceof StartError) return EXIT.unavailable;
  if (error instanceof StoreError) return error.code === 'degraded' ? EXIT.tempFail : EXIT.unavailable;
  return isSystemError(error) ? EXIT.ioError : undefined;
}

/** The sentence for people. */
export function sentenceOf(error: Error): string {
  if (isSystemError(error)) return `The system refuses (${error.message}); check the path and its rights.`;
  if (!(error instanceof PnpError) || error.code !== 'unreachable') return error.message;
  if (isDistrusted(error))
    return `${error.message.replace(/; is it running\?$/, '')}; name its authority with --tls-ca, and its name with --host.`;
  if (isDenied(error))
    return `${error.message.replace(/; is it running\?$/, '')}; use a user that may, or another --socket.`;
  return `${error.message.replace(/; is it running\?$/, '')}; start it with 'providence serve', or name its --socket.`;
}

/** What the operating system said no to, wherever it was. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'errno' in error;
}

/** Somebody is there, whose certificate is not that of the daemon that was asked for. */
function isDistrusted({ cause }: PnpError): boolean {
  const code = String((cause as NodeJS.ErrnoException | undefined)?.code);
  return /CERT|SIGNATURE|ISSUER/.test(code);
}

/** The daemon may well be there, but this user may not use its socket. */
function isDenied({ code, cause }: PnpError): boolean {
  return code === 'unreachable' && (cause as NodeJS.ErrnoException | undefined)?.code === 'EACCES';
}

function exitCodeOfCall(error: PnpError): number {
  if (isDenied(error)) return EXIT.noPermission;
  switch (error.code) {
    case 'refused':
      return error.answer?.status ?? EXIT.protocol;
    case 'unreachable':
      return EXIT.unavailable;
    case 'protocol':
      return EXIT.protocol;
    case 'bad-request':
      return EXIT.usage;
    case 'disconnected':
    case 'timeout':
    case 'aborted':
    case 'queue-full':
    case 'closed':
      return EXIT.tempFail;
  }
}
