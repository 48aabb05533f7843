import { createHash, timingSafeEqual, type X509Certificate } from 'node:crypto';
import type { CredentialConfig } from '../config/schema-listen.ts';
import { canonicalJID } from '../model/jid.ts';
import type { Grant } from '../pnp/peer.ts';
import { readSecretLine } from '../secret-source.ts';
import { grantOf, nothing } from './grant.ts';

/** Shorter ones can be guessed. */
export const SECRET_BYTES_MIN = 16;
export const SECRET_BYTES_MAX = 1_024;
/** What a secret is compared with where there is none, so that it takes as long. */
const NO_DIGEST = Buffer.alloc(32);

interface Credential {
  readonly name: string;
  /** Undefined: no secret proves it. */
  readonly digest: Buffer | undefined;
  /** Undefined: no certificate proves it. */
  readonly certificateName: string | undefined;
  readonly grant: Grant;
}

/** Who may prove to be somebody, and what they may then do. Secrets are kept as digests only. */
export class Credentials {
  #list: readonly Credential[];

  /** @throws StartError a secret cannot be read, or is too short */
  constructor(configs: readonly CredentialConfig[]) {
    this.#list = configs.map(credentialOf);
  }

  /** What the bearer of a secret may do; undefined where the secret is not that of the name. */
  bySecret(name: string, secret: Buffer): Grant | undefined {
    const credential = this.#list.find((one) => one.name === name && one.digest !== undefined);
    const equal = timingSafeEqual(
      digestOf(secret.subarray(0, SECRET_BYTES_MAX + 1)),
      credential?.digest ?? NO_DIGEST,
    );
    return equal ? credential?.grant : undefined;
  }

  /** What the bearer of a certificate may do; undefined where it names none of them. */
  byCertificate(certificate: X509Certificate): Grant | undefined {
    const named = this.#list.find(
      ({ certificateName }) =>
        certificateName !== undefined &&
        certificate.checkHost(certificateName, { subject: 'never', wildcards: false }) !== undefined,
    );
    return named?.grant;
  }

  /**
   * Reads credentials anew. What is returned takes them over, and cannot fail: those who proved one that is gone, or is
   * proved by something else now, lose all rights.
   * @throws StartError as the constructor
   */
  prepare(configs: readonly CredentialConfig[]): () => void {
    const next = configs.map(credentialOf);
    return () => {
      const before = this.#list;
      this.#list = next.map((credential) => {
        const same = before.find((one) => isSame(one, credential));
        return same === undefined
          ? credential
          : { ...credential, grant: Object.assign(same.grant, credential.grant) };
      });
      const kept = new Set(this.#list.map(({ grant }) => grant));
      for (const { grant } of before) if (!kept.has(grant)) Object.assign(grant, nothing());
    };
  }
}

function credentialOf(config: CredentialConfig): Credential {
  const { name, secret, certificate_name } = config;
  return {
    name,
    digest: secret === '' ? undefined : digestOf(readSecret(name, secret)),
    certificateName: certificate_name === '' ? undefined : canonicalJID(certificate_name),
    grant: grantOf(config),
  };
}

function readSecret(name: string, source: string): Buffer {
  return readSecretLine(source, {
    what: `The secret of the credential ${name}`,
    modeRefused: 0o007,
    bytesMin: SECRET_BYTES_MIN,
    bytesMax: SECRET_BYTES_MAX,
  });
}

function digestOf(secret: Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}

function isSame(a: Credential, b: Credential): boolean {
  const sameSecret = a.digest === undefined ? b.digest === undefined : b.digest?.equals(a.digest) === true;
  return a.name === b.name && sameSecret && a.certificateName === b.certificateName;
}
