import type { Config } from '../config/schema.ts';
import { isLoopback } from '../config/schema-listen.ts';
import { StartError } from '../errors.ts';
import type { Peer } from '../pnp/peer.ts';
import { AuthFailures } from './auth-failures.ts';
import { Credentials } from './credentials.ts';
import { Door, type DoorSettings } from './door.ts';
import { readTLS } from './tls-settings.ts';

/** What of the configuration says who may do what. */
export type AccessConfig = Pick<Config, 'listen' | 'credentials' | 'limits'>;

/** How an AUTH ends; `too-many`: the secret was not looked at. */
export type AuthOutcome = 'proved' | 'wrong' | 'too-many';

/** Settings of a door with its place: the path of a socket, or host and port as configured. */
interface Placed {
  readonly place: string;
  readonly settings: DoorSettings;
}
interface PlacedDoor {
  readonly place: string;
  readonly door: Door;
}

/** Who may come in, by which listener, and what they may do. */
export class Access {
  readonly #credentials: Credentials;
  readonly #unix: readonly PlacedDoor[];
  readonly #tcp: readonly PlacedDoor[];
  readonly #failures: AuthFailures;
  #failuresPerMinute: number;

  /** Reads every secret, key and certificate. @throws StartError */
  constructor(config: AccessConfig, now: () => number = () => performance.now()) {
    this.#credentials = new Credentials(config.credentials);
    const doorOf = ({ place, settings }: Placed) => ({ place, door: new Door(settings, this.#credentials) });
    this.#unix = unixPlaces(config).map(doorOf);
    this.#tcp = tcpPlaces(config).map(doorOf);
    this.#failuresPerMinute = config.limits.auth_failures_per_minute;
    this.#failures = new AuthFailures(() => this.#failuresPerMinute, now);
  }

  /** The door of `listen.unix[index]`. */
  unix(index: number): Door {
    return (this.#unix[index] as PlacedDoor).door;
  }

  /** The door of `listen.tcp[index]`. */
  tcp(index: number): Door {
    return (this.#tcp[index] as PlacedDoor).door;
  }

  /** When the first certificate of a listener expires, in seconds since 1970; 0: there is none. */
  get certificateExpiresAt(): number {
    const times = this.#tcp.flatMap(({ door }) =>
      door.tls === undefined ? [] : [door.tls.expiresAt / 1_000],
    );
    return times.length === 0 ? 0 : Math.min(...times);
  }

  /** Takes a peer for what it proves to be. Called once for each connection. */
  authenticate(peer: Peer, name: string, secret: Buffer): AuthOutcome {
    if (this.#failures.isOver(peer.address)) return 'too-many';
    const grant = this.#credentials.bySecret(name, secret);
    if (grant === undefined) {
      this.#failures.add(peer.address);
      return 'wrong';
    }
    peer.grant = grant;
    peer.unproven = undefined;
    return 'proved';
  }

  /**
   * Reads everything anew and tries it. What is returned takes it over, for open connections, too, and cannot fail.
   * @throws StartError something cannot be used, or a listener is another one; nothing has changed then
   */
  prepare(config: AccessConfig): () => void {
    const takeCredentials = this.#credentials.prepare(config.credentials);
    const changes = [...pair(this.#unix, unixPlaces(config)), ...pair(this.#tcp, tcpPlaces(config))];
    return () => {
      takeCredentials();
      this.#failuresPerMinute = config.limits.auth_failures_per_minute;
      for (const { door, settings } of changes) door.change(settings);
    };
  }
}

/** What becomes of each door. @throws StartError doors are opened and closed by a restart only */
function pair(doors: readonly PlacedDoor[], next: readonly Placed[]) {
  const isSame = ({ place, settings }: Placed, old: PlacedDoor | undefined) =>
    old?.place === place && (old.door.tls === undefined) === (settings.tls === undefined);
  if (doors.length === next.length && next.every((placed, index) => isSame(placed, doors[index]))) {
    return doors.map(({ door }, index) => ({ door, settings: (next[index] as Placed).settings }));
  }
  throw new StartError(
    'Listeners were added, removed, moved or put under TLS; that takes a restart of the daemon.',
  );
}

function unixPlaces({ listen }: AccessConfig): Placed[] {
  return listen.unix.map((listener) => ({
    place: listener.path,
    settings: { grant: listener, tls: undefined, needsProof: false },
  }));
}

function tcpPlaces({ listen }: AccessConfig): Placed[] {
  return listen.tcp.map((listener) => {
    const place = `${listener.host}:${listener.port}`;
    const tls = readTLS(`the listener ${place}`, listener);
    const needsProof = !isLoopback(listener.host) || listener.tls_client_ca !== '';
    return { place, settings: { grant: listener, tls, needsProof } };
  });
}
