/** Status codes of PNP answers: the sysexits numbers that spamd uses [PNP-6]. */
export const STATUS = {
  EX_OK: 0,
  EX_USAGE: 64,
  EX_DATAERR: 65,
  EX_NOINPUT: 66,
  EX_UNAVAILABLE: 69,
  EX_SOFTWARE: 70,
  EX_IOERR: 74,
  EX_TEMPFAIL: 75,
  EX_PROTOCOL: 76,
  EX_NOPERM: 77,
  EX_CONFIG: 78,
  EX_TIMEOUT: 79,
} as const;
export type StatusName = keyof typeof STATUS;

/**
 * A request that cannot be served; the connection answers it with `status` and an `Error:` header.
 * `code` is a stable word for programs, `message` one sentence that says what to do.
 * `closes` is true where the framing is lost, so that nothing after it can be trusted.
 */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: StatusName;
  readonly code: string;
  readonly closes: boolean;

  constructor(status: StatusName, code: string, message: string, closes = false) {
    super(message);
    this.status = status;
    this.code = code;
    this.closes = closes;
  }
}

/** A configuration that cannot be used; `message` names the file, the line where known, and the key. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'bad-config';
}

export type StoreErrorCode =
  | 'degraded'
  | 'rekeying'
  | 'newer-schema'
  | 'older-schema'
  | 'locked'
  | 'wrong-secret'
  | 'unusable';

/** The store cannot do what was asked; `degraded` and `rekeying` mean: not now. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A start that cannot go on (a socket in use, no right to a path); `message` says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code = 'cannot-start';
}
