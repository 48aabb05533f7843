import { StartError } from '../errors.ts';

/** Inherited descriptors begin behind standard input, output and error: sd_listen_fds(3), SD_LISTEN_FDS_START. */
const FIRST_DESCRIPTOR = 3;
/** As many listeners as a configuration may name: 16 Unix sockets and 16 of TCP. */
const DESCRIPTORS_MAX = 32;

/** A socket that was opened before the start. */
export interface Descriptor {
  readonly fd: number;
  /** What its unit calls it (`FileDescriptorName=`), for messages; '' where it has no name. */
  readonly name: string;
}

/** What a supervisor, systemd or one that does as it does, tells a service at the start. */
export interface SupervisorVariables {
  /** Where messages about the daemon's state go; undefined: nobody listens. */
  readonly notifySocket: string | undefined;
  /** The daemon is restarted when it is silent for this long; undefined: it is not watched. */
  readonly watchdogMs: number | undefined;
  readonly descriptors: readonly Descriptor[];
}

/**
 * Reads the variables of sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3), and removes them: they are meant for this
 * process alone, not for those that it starts. What is addressed to another process id is not taken.
 * @throws StartError where descriptors are announced in no form that is known.
 */
export function takeVariables(env: NodeJS.ProcessEnv, pid: number): SupervisorVariables {
  const take = (name: string) => {
    const value = env[name];
    delete env[name];
    return value === '' ? undefined : value;
  };
  const isOurs = (owner: string | undefined) => owner === undefined || owner === `${pid}`;
  const notifySocket = take('NOTIFY_SOCKET');
  const watchdogUsec = take('WATCHDOG_USEC');
  const watched = isOurs(take('WATCHDOG_PID'));
  const count = take('LISTEN_FDS');
  const names = take('LISTEN_FDNAMES');
  // Unlike WATCHDOG_PID it must be there: a descriptor that another process inherited may be anything here.
  const inherits = take('LISTEN_PID') === `${pid}`;
  return {
    notifySocket,
    watchdogMs: watched ? milliseconds(watchdogUsec) : undefined,
    descriptors: inherits ? descriptorsOf(count, names) : [],
  };
}

function milliseconds(usec = ''): number | undefined {
  const ms = /^[0-9]{1,15}$/.test(usec) ? Number(usec) / 1_000 : 0;
  return ms > 0 ? ms : undefined;
}

function descriptorsOf(count = '0', names = ''): readonly Descriptor[] {
  if (!/^[0-9]{1,3}$/.test(count) || Number(count) > DESCRIPTORS_MAX) {
    throw new StartError(
      `LISTEN_FDS is ${JSON.stringify(count.slice(0, 20))}, not a number up to ${DESCRIPTORS_MAX}. Give the socket unit fewer ListenStream= lines, or unset LISTEN_PID.`,
    );
  }
  const nameOf = names.split(':');
  return Array.from({ length: Number(count) }, (_, index) => ({
    fd: FIRST_DESCRIPTOR + index,
    name: nameOf[index] ?? '',
  }));
}
