import { fstatSync, realpathSync } from 'node:fs';
import { StartError } from '../errors.ts';
import { listeningPlaces, placeOf } from './socket-table.ts';
import type { Descriptor } from './variables.ts';

/**
 * Sockets that the supervisor opened before the daemon was there, so that callers who come during a restart wait and are not
 * turned away. A listener of the configuration takes the one that is bound to its place; its rights are the listener's, its
 * file, mode and owner remain the supervisor's.
 */
export class InheritedSockets {
  readonly #byPlace = new Map<string, Descriptor>();

  /** @throws StartError a descriptor is no socket that listens. */
  constructor(descriptors: readonly Descriptor[]) {
    if (descriptors.length === 0) return;
    const places = listeningPlaces();
    for (const descriptor of descriptors) {
      const place = places.get(inodeOf(descriptor.fd));
      if (place === undefined) {
        throw new StartError(
          `Inherited descriptor ${title(descriptor)} is no listening stream socket of this network. Use ListenStream= and Accept=no in its unit, and no PrivateNetwork=.`,
        );
      }
      this.#byPlace.set(place.startsWith('/') ? realPath(place) : place, descriptor);
    }
  }

  /** Descriptor of the socket that is bound to this path, once. */
  takeUnix(path: string): number | undefined {
    return this.#take(realPath(path));
  }

  /** Descriptor of the socket that is bound to this IP address and port, once. */
  takeTCP(address: string, port: number): number | undefined {
    return this.#take(placeOf(address, port));
  }

  /** @throws StartError a socket is left that no listener took: its callers would wait for ever. */
  refuseRest(): void {
    for (const [place, descriptor] of this.#byPlace) {
      throw new StartError(
        `Inherited socket ${title(descriptor)} is bound to ${place}, where no listener of the configuration is. Add it to listen.unix or listen.tcp, or take it out of its socket unit.`,
      );
    }
  }

  #take(place: string): number | undefined {
    const descriptor = this.#byPlace.get(place);
    this.#byPlace.delete(place);
    return descriptor?.fd;
  }
}

function title({ fd, name }: Descriptor): string {
  return name === '' ? `${fd}` : `${fd} (${name})`;
}

function inodeOf(fd: number): number {
  try {
    return fstatSync(fd).ino;
  } catch {
    // It is not open.
    return -1;
  }
}

/** /var/run is a link to /run, so one socket has two paths. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
