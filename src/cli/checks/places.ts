import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LoadedConfig } from '../../config/load.ts';
import { isPath } from '../../secret-source.ts';
import { checkSocketPlace, codeOf, groupId } from '../../server/unix-socket.ts';
import { checkFiles } from '../../store/lmdb/preflight.ts';
import { loadSecret } from '../../store/secret.ts';
import { exitCodeOf, sentenceOf } from '../exit.ts';
import { type Finding, findingAbout } from './finding.ts';

const { W_OK, X_OK } = constants;

/** Looks at files and directories that the configuration names: makes none, opens no store, knocks at no socket. */
export function checkPlaces(loaded: LoadedConfig): Finding[] {
  return [
    ...storeFindings(loaded),
    ...secretFindings(loaded),
    ...socketFindings(loaded),
    ...rootFindings(loaded),
  ];
}

function storeFindings(loaded: LoadedConfig): Finding[] {
  const { directory } = loaded.config.store;
  const fault = directoryFault(directory) ?? refusalOf(() => existsSync(directory) && checkFiles(directory));
  return fault === undefined ? [] : [findingAbout('problem', 'store.directory', loaded, fault)];
}

function secretFindings(loaded: LoadedConfig): Finding[] {
  const { directory, secret_file: path } = loaded.config.store;
  const fault =
    !isPath(path) || existsSync(path)
      ? refusalOf(() => loadSecret(path))
      : (directoryFault(dirname(path)) ?? lostSecret(path, directory));
  return fault === undefined ? [] : [findingAbout('problem', 'store.secret_file', loaded, fault)];
}

/** A new secret would be made, which opens nothing of the store that is there. */
function lostSecret(path: string, directory: string): string | undefined {
  if (!existsSync(join(directory, 'data.mdb'))) return undefined;
  return `The secret ${path} is missing, and the store in ${directory} was written with one. Restore it from a backup, or remove the store.`;
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

/** Why this user cannot write in a directory, or make it; undefined where it can. */
function directoryFault(path: string): string | undefined {
  let there = path;
  while (!existsSync(there) && there !== dirname(there)) there = dirname(there);
  try {
    if (!statSync(there).isDirectory())
      return `${there} is no directory. Move it away, or choose another path.`;
    accessSync(there, W_OK | X_OK);
    return undefined;
  } catch (error) {
    const verb = there === path ? 'cannot be written by this user' : 'cannot be seen or made by this user';
    return `The directory ${path} ${verb} (${codeOf(error)}). Give it to the user that runs the daemon: install -d -o USER ${path}`;
  }
}

/** The sentence of a start that would be refused. */
function refusalOf(look: () => unknown): string | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    if (exitCodeOf(error) === undefined) throw error;
    return sentenceOf(error as Error);
  }
}
