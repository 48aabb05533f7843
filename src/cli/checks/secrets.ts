import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Credentials } from '../../access/credentials.ts';
import { readTLS } from '../../access/tls-settings.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { isPath } from '../../secret-source.ts';
import { loadSecret, lostSecret } from '../../store/secret.ts';
import { directoryFault, refusalOf } from './faults.ts';
import { type Finding, findingAbout } from './finding.ts';

/** Tries the secrets, certificates and keys that the configuration names; says nothing of what is in them. */
export function checkSecrets(loaded: LoadedConfig, now: number): Finding[] {
  const { config } = loaded;
  return [
    ...sourceFindings('store.secret_file', config.store.secret_file, loaded, () =>
      daemonsSecretFault(loaded),
    ),
    ...config.credentials.flatMap((credential, index) =>
      sourceFindings(`credentials.${index}.secret`, credential.secret, loaded, () =>
        refusalOf(() => new Credentials([credential])),
      ),
    ),
    ...config.listen.tcp.flatMap((_, index) => tlsFindings(index, loaded, now)),
  ];
}

function daemonsSecretFault({ config }: LoadedConfig): string | undefined {
  const { directory, secret_file: source } = config.store;
  if (!isPath(source) || existsSync(source)) return refusalOf(() => loadSecret(source));
  return directoryFault(dirname(source)) ?? lostSecret(source, directory);
}

function tlsFindings(index: number, loaded: LoadedConfig, now: number): Finding[] {
  const key = `listen.tcp.${index}.tls_certificate`;
  const listener = loaded.config.listen.tcp[index];
  if (listener === undefined || listener.tls_certificate === '') return [];
  const sources = [listener.tls_certificate, listener.tls_key, listener.tls_client_ca];
  const settings = () => readTLS(`the listener ${listener.host}:${listener.port}`, listener);
  const source = sources.find(isHidden) ?? listener.tls_certificate;
  const found = sourceFindings(key, source, loaded, () => refusalOf(settings));
  if (found.length > 0 || (settings()?.expiresAt ?? 0) > now) return found;
  return [findingAbout('hint', key, loaded, 'The certificate has expired, and callers refuse it. Renew it.')];
}

function sourceFindings(
  key: string,
  source: string,
  loaded: LoadedConfig,
  look: () => string | undefined,
): Finding[] {
  if (isHidden(source)) {
    const text = `systemd gives ${source} to the daemon alone: whether its unit says LoadCredential= cannot be seen from here.`;
    return [findingAbout('note', key, loaded, text)];
  }
  const fault = look();
  return fault === undefined ? [] : [findingAbout('problem', key, loaded, fault)];
}

/** Credentials of systemd are there for a process of the unit only. */
function isHidden(source: string): boolean {
  return source.startsWith('credential:') && !process.env['CREDENTIALS_DIRECTORY'];
}
