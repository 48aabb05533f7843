import type { X509Certificate } from 'node:crypto';
import type { Grant, Peer } from '../pnp/peer.ts';
import type { Credentials } from './credentials.ts';
import { type GrantConfig, grantOf, nothing } from './grant.ts';
import type { TLSSettings } from './tls-settings.ts';

/** What a door is made of. */
export interface DoorSettings {
  readonly grant: GrantConfig;
  /** Undefined: it is no TLS listener. */
  readonly tls: TLSSettings | undefined;
  /** The listener's rights are for those only who have proved who they are. */
  readonly needsProof: boolean;
}

/** What TLS found out about the other end. */
export interface Proof {
  /** Undefined: it has shown none. */
  readonly certificate: X509Certificate | undefined;
  /** Why the certificate is not believed, as OpenSSL words it; undefined: it is. */
  readonly fault: string | undefined;
}

/** Who may come in by one listener, and as what. A reload changes it while it is open. */
export class Door {
  /** Of those who have proved who they are. */
  readonly #grant: Grant;
  /** Of everybody. */
  readonly #open: Grant;
  readonly #credentials: Credentials;
  #settings: DoorSettings;
  /** The listener's TLS takes other settings from now on. */
  onTLS: (settings: TLSSettings) => void = () => undefined;

  constructor(settings: DoorSettings, credentials: Credentials) {
    this.#settings = settings;
    this.#credentials = credentials;
    this.#grant = grantOf(settings.grant);
    this.#open = openGrantOf(settings);
  }

  get tls(): TLSSettings | undefined {
    return this.#settings.tls;
  }

  get needsProof(): boolean {
    return this.#settings.needsProof;
  }

  /** Somebody who has come in. @param proof undefined: not by TLS */
  admit(listener: string, address: string, proof?: Proof): Peer {
    const peer = { listener, address, unproven: undefined, hasAsked: false };
    // Without authorities of our own no certificate says anything.
    const { certificate, fault } = this.tls?.ca.length ? (proof ?? NO_PROOF) : NO_PROOF;
    if (certificate !== undefined && fault === undefined) {
      return { ...peer, grant: this.#credentials.byCertificate(certificate) ?? this.#grant };
    }
    if (!this.needsProof) return { ...peer, grant: this.#open };
    const unproven =
      fault === undefined
        ? 'show a client certificate or send AUTH first'
        : `the client certificate is not valid (${fault})`;
    return { ...peer, grant: nothing(), unproven };
  }

  /** Takes other settings over, for connections that are open, too. */
  change(settings: DoorSettings): void {
    this.#settings = settings;
    Object.assign(this.#grant, grantOf(settings.grant));
    Object.assign(this.#open, openGrantOf(settings));
    if (settings.tls !== undefined) this.onTLS(settings.tls);
  }
}

function openGrantOf({ grant, needsProof }: DoorSettings): Grant {
  return needsProof ? nothing() : grantOf(grant);
}

const NO_PROOF: Proof = { certificate: undefined, fault: undefined };
