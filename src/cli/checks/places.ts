import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LoadedConfig } from '../../config/load.ts';
import { checkSocketPlace, groupId } from '../../server/unix-socket.ts';
import { checkFiles } from '../../store/lmdb/preflight.ts';
import { directoryFault, refusalOf } from './faults.ts';
import { type Finding, findingAbout } from './finding.ts';

/** Looks at the directories and sockets that the configuration names: makes none, opens no store, knocks at no socket. */
export function checkPlaces(loaded: LoadedConfig): Finding[] {
  return [...storeFindings(loaded), ...socketFindings(loaded), ...rootFindings(loaded)];
}

function storeFindings(loaded: LoadedConfig): Finding[] {
  const { directory } = loaded.config.store;
  const fault = directoryFault(directory) ?? refusalOf(() => existsSync(directory) && checkFiles(directory));
  return fault === undefined ? [] : [findingAbout('problem', 'store.directory', loaded, fault)];
}

function socketFindings(loaded: LoadedConfig): Finding[] {
  return loaded.config.listen.unix.flatMap(({ path, group }, index) => {
    const key = `listen.unix.${index}`;
    const place = directoryFault(dirname(path)) ?? refusalOf(() => checkSocketPlace(path));
    const owner = group === '' ? undefined : groupFault(group);
    return [
      ...(place === undefined ? [] : [findingAbout('problem', `${key}.path`, loaded, place)]),
      ...(owner === undefined ? [] : [findingAbout('problem', `${key}.group`, loaded, owner)]),
    ];
  });
}

/** Only root and its members may give a socket to a group (chown(2)). */
function groupFault(group: string): string | undefined {
  const unknown = refusalOf(() => groupId(group));
  if (unknown !== undefined) return unknown;
  const mayGive = process.geteuid?.() === 0 || process.getgroups?.().includes(groupId(group)) === true;
  if (mayGive) return undefined;
  return `This user is no member of the group ${group} and cannot give it the socket. Add the user to it: usermod -aG ${group} USER`;
}

function rootFindings({ config }: LoadedConfig): Finding[] {
  const owner = statSync(config.store.directory, { throwIfNoEntry: false })?.uid ?? 0;
  if (process.geteuid?.() !== 0 || owner === 0) return [];
  const text = `This was looked at as root, who may do all, and the store is another user's. Check again as that user: runuser -u "$(id -nu ${owner})" -- providence config check`;
  return [{ level: 'hint', about: 'store.directory', text }];
}
