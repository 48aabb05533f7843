import { readFileSync } from 'node:fs';
import { SocketAddress } from 'node:net';
import { endianness } from 'node:os';

/** Columns of proc(5): flags, type and inode of a Unix socket; address, state and inode of one of TCP. */
const UNIX = /^\S+ \S+ \S+ (?<flags>\S+) (?<type>\S+) \S+ +(?<inode>\d+) (?<path>\/.*)$/;
const TCP =
  /^ *\d+: (?<address>[0-9A-F]+):(?<port>[0-9A-F]{4}) \S+ (?<state>\S\S)(?: +\S+){5} +(?<inode>\d+) /;
/** `__SO_ACCEPTCON`, `SOCK_STREAM` and `TCP_LISTEN` of Linux: a socket that takes connections. */
const UNIX_LISTENING = '00010000';
const UNIX_STREAM = '0001';
const TCP_LISTENING = '0A';

/**
 * Where the listening sockets of this process's network are bound: by inode, a path or what `placeOf` makes of an address.
 * Node tells the address of an inherited TCP socket only once it listens, and that of a Unix socket never.
 */
export function listeningPlaces(): ReadonlyMap<number, string> {
  const places = new Map<number, string>();
  for (const line of linesOf('unix')) {
    const { flags, type, inode, path } = UNIX.exec(line)?.groups ?? {};
    if (flags === UNIX_LISTENING && type === UNIX_STREAM) places.set(Number(inode), path as string);
  }
  for (const line of [...linesOf('tcp'), ...linesOf('tcp6')]) {
    const { address, port, state, inode } = TCP.exec(line)?.groups ?? {};
    if (state === TCP_LISTENING)
      places.set(Number(inode), placeOf(addressOf(address as string), Number.parseInt(port as string, 16)));
  }
  return places;
}

/** One spelling for each address and port. */
export function placeOf(address: string, port: number): string {
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  const spelt = new SocketAddress({ address, port, family }).address;
  return family === 'ipv6' ? `[${spelt}]:${port}` : `${spelt}:${port}`;
}

function linesOf(table: 'unix' | 'tcp' | 'tcp6'): readonly string[] {
  try {
    return readFileSync(`/proc/self/net/${table}`, 'utf8').split('\n');
  } catch {
    // No Linux, or a kernel without this family: none of its sockets was inherited.
    return [];
  }
}

/** The kernel prints an address as words of 32 bits in the order of this machine's bytes. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  return (bytes.toString('hex').match(/.{4}/g) as string[]).join(':');
}
