import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stopChild, untilListening } from '../child.ts';
import { rspamdConfiguration, SOCKETS } from './rspamd-configuration.ts';

export interface RspamdServer {
  /** What it answers to a message sent there. @throws Error where it does not answer, or with an error */
  learn(label: 'spam' | 'ham', mail: string): Promise<void>;
  /** The symbols of the message with their scores. */
  symbols(mail: string): Promise<Readonly<Record<string, { readonly score: number }>>>;
  stop(): Promise<void>;
}

/** An rspamd with a Redis of its own, both on sockets in `dir`. */
export async function startRspamd(dir: string, signal: AbortSignal): Promise<RspamdServer> {
  const children: ChildProcess[] = [];
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const stop = async () => {
    agent.destroy();
    // rspamd first: it would complain of a Redis that is gone.
    for (const child of children.toReversed()) await stopChild(child);
  };
  const start = async (program: string, args: readonly string[], sockets: readonly string[]) => {
    const log = join(dir, `${program}.log`);
    children.push(spawnLogged(program, args, log));
    for (const socket of sockets) {
      const socketPath = join(dir, socket);
      await untilListening(children.at(-1)!, { socketPath, logPath: log, name: program });
    }
  };
  const post = (socket: string, path: string, mail: string) =>
    ask({ agent, socketPath: join(dir, socket), path, method: 'POST', signal }, mail);
  try {
    writeFileSync(join(dir, 'tld'), 'com\nnet\norg\n');
    writeFileSync(join(dir, 'rspamd.conf'), rspamdConfiguration(dir));
    await start('redis-server', redisArguments(dir), [SOCKETS.redis]);
    // `-i`: as root, too; it would ask for a user then.
    await start('rspamd', ['-f', '-i', '-c', join(dir, 'rspamd.conf')], [SOCKETS.learn, SOCKETS.judge]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    learn: async (label, mail) => {
      const { status, body } = await post(SOCKETS.learn, `/learn${label}`, mail);
      if (!LEARN_STATUSES.includes(status)) throw new Error(`rspamd answered ${status} to a lesson: ${body}`);
    },
    symbols: async (mail) => {
      const { status, body } = await post(SOCKETS.judge, '/checkv2', mail);
      if (status !== 200) throw new Error(`rspamd answered ${status} to a message: ${body}`);
      return JSON.parse(body).symbols;
    },
    stop,
  };
}

/** Learnt; too few tokens; learnt before (it takes a text once). */
const LEARN_STATUSES: readonly (number | undefined)[] = [200, 204, 208];

/** Nothing is kept on disk, nothing listens to the network. */
function redisArguments(dir: string): string[] {
  const socket = ['--unixsocket', join(dir, SOCKETS.redis), '--unixsocketperm', '700', '--port', '0'];
  return [...socket, '--save', '', '--appendonly', 'no', '--dir', dir];
}

function spawnLogged(program: string, args: readonly string[], logPath: string): ChildProcess {
  const log = openSync(logPath, 'w');
  const child = spawn(program, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

function ask(options: http.RequestOptions, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Length': Buffer.byteLength(body) };
    const request = http.request({ ...options, headers }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode, body: answer }), reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
