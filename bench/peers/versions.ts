import { spawnSync } from 'node:child_process';
import { version } from '../../src/version.ts';
import type { Peer } from './peer.ts';

/** Versions of what is measured, by name: this checkout's, and those of the Debian packages. */
export function versionsOf(peers: readonly Peer[]): Record<string, string> {
  const packages = peers.flatMap(({ needs }) => Object.values(needs));
  return {
    providence: version(),
    ...Object.fromEntries(packages.map((name) => [name, packageVersion(name)])),
  };
}

/** `unknown` where the program does not come from a Debian package. */
function packageVersion(name: string): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in
  const { status, stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' });
  return status === 0 ? stdout : 'unknown';
}
