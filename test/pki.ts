import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Tests with certificates are skipped by name where there is no openssl; in CI that is a failure. */
export const NO_OPENSSL = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

export interface CertificateOptions {
  /** Name of the authority that signs; default `ca`. */
  readonly ca?: string;
  /** Negative: it has expired. */
  readonly days?: number;
}

/** A directory of keys and certificates, each made by openssl. */
export class PKI {
  readonly dir = mkdtempSync(join(tmpdir(), 'pv-pki-'));

  /** Makes `NAME.crt` and `NAME.key`, self-signed, to sign others with. */
  authority(name: string): this {
    this.#run([
      'req',
      '-x509',
      ...this.#newKey(name),
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
      '-out',
      `${name}.crt`,
    ]);
    return this;
  }

  /** Makes `NAME.crt` and `NAME.key` for a server or a client, with these subject alternative names. */
  certificate(name: string, alternatives: string, { ca = 'ca', days = 30 }: CertificateOptions = {}): this {
    writeFileSync(
      this.path(`${name}.cnf`),
      `basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=${alternatives}\n`,
    );
    this.#run(['req', ...this.#newKey(name), '-subj', `/CN=${name}`, '-out', `${name}.csr`]);
    const authority = ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial'];
    const what = ['-in', `${name}.csr`, '-days', `${days}`, '-extfile', `${name}.cnf`, '-out', `${name}.crt`];
    this.#run(['x509', '-req', ...authority, ...what]);
    return this;
  }

  path(file: string): string {
    return join(this.dir, file);
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8');
  }

  /** Certificate and key, as Node's TLS takes them. */
  pair(name: string): { cert: string; key: string } {
    return { cert: this.read(`${name}.crt`), key: this.read(`${name}.key`) };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  #newKey(name: string): string[] {
    return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', `${name}.key`];
  }

  #run(args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.dir, stdio: 'pipe' });
  }
}
