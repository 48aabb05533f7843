import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { StartError } from '../errors.ts';
import { readSource } from '../secret-source.ts';

/** What a TLS listener shows and believes; PEM. */
export interface TLSSettings {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Authorities of client certificates; empty: none is believed. */
  readonly ca: readonly string[];
  readonly minVersion: 'TLSv1.2';
  /** When the certificate expires, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Where they come from, as the configuration writes it. */
export interface TLSConfig {
  readonly tls_certificate: string;
  readonly tls_key: string;
  readonly tls_client_ca: string;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]{1,65536}-----END CERTIFICATE-----/g;

/**
 * Reads and tries the files of a listener; undefined: it has none.
 * @throws StartError naming the listener, what is wrong with which file, and what to do
 */
export function readTLS(listener: string, config: TLSConfig): TLSSettings | undefined {
  if (config.tls_certificate === '') return undefined;
  const cert = readSource(config.tls_certificate, { what: `tls_certificate of ${listener}`, modeRefused: 0 });
  const key = readSource(config.tls_key, { what: `tls_key of ${listener}`, modeRefused: 0o007 });
  const certificate = parsed(
    `tls_certificate of ${listener}`,
    'certificate',
    () => new X509Certificate(cert),
  );
  const privateKey = parsed(`tls_key of ${listener}`, 'private key without a passphrase', () =>
    createPrivateKey(key),
  );
  checkPair(listener, certificate, privateKey);
  const ca = config.tls_client_ca === '' ? [] : readAuthorities(`tls_client_ca of ${listener}`, config);
  const expiresAt = Date.parse(certificate.validTo);
  const settings = { cert, key, ca, minVersion: 'TLSv1.2', expiresAt } as const;
  parsed(`tls_certificate of ${listener}`, 'chain of certificates that TLS takes', () =>
    createSecureContext({ ...settings, ca: [...ca] }),
  );
  return settings;
}

function checkPair(listener: string, certificate: X509Certificate, key: KeyObject): void {
  if (certificate.checkPrivateKey(key)) return;
  throw new StartError(`tls_key of ${listener} is the key of another certificate; give the pair.`);
}

function readAuthorities(what: string, { tls_client_ca }: TLSConfig): string[] {
  const authorities =
    readSource(tls_client_ca, { what, modeRefused: 0 }).toString('latin1').match(PEM_CERTIFICATE) ?? [];
  if (authorities.length === 0)
    throw new StartError(`${what} holds no certificate; give one or more in PEM.`);
  for (const pem of authorities) {
    const { ca, subject } = parsed(what, 'certificate', () => new X509Certificate(pem));
    if (!ca)
      throw new StartError(
        `${what} holds the certificate ${oneLine(subject)}, which is no authority's; leave it out.`,
      );
  }
  return authorities;
}

function parsed<T>(what: string, kind: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new StartError(`${what} holds no ${kind} (${code}); give one in PEM.`, { cause });
  }
}

function oneLine(subject: string): string {
  return subject.replaceAll('\n', ', ');
}
