import { createServer, type Server, type Socket } from 'node:net';
import { RequestError } from '../errors.ts';
import { type Frame, Framer } from '../pnp/framer.ts';
import { Head } from '../pnp/head.ts';
import { parseRequest, type Request } from '../pnp/request.ts';
import { encodeResponse, errorResponse } from '../pnp/response.ts';
import { fakeAnswer } from './fake-answer.ts';
import type { Rule } from './fake-script.ts';

const LIMITS = { head_bytes_max: 16_384, headers_max: 64, body_bytes_max: 262_144 };
const CONNECTIONS_MAX = 256;

export interface FakeOptions {
  readonly rules: readonly Rule[];
  readonly listen: { readonly path: string } | { readonly host: string; readonly port: number };
  /** Told one line a request: what came and what was done. */
  readonly onRequest?: (line: string) => void;
}

export interface Fake {
  /** The port in use; undefined for a Unix socket. */
  readonly port: number | undefined;
  /** Cuts all connections and stops listening. */
  close(): Promise<void>;
}

/** Starts a daemon that answers by a script, with the wire grammar of the real one. Rejects where it cannot listen. */
export async function startFake(options: FakeOptions): Promise<Fake> {
  const script = new Script(options.rules);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, script, options.onRequest ?? (() => undefined));
  });
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.listen, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : undefined;
  return { port, close: () => closeServer(server, sockets) };
}

function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** The rules, with how often each may still be used. */
class Script {
  readonly #rules: readonly Rule[];
  readonly #left: number[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.#left = rules.map((rule) => rule.times ?? Number.POSITIVE_INFINITY);
  }

  take(request: Request): Rule {
    const index = this.#rules.findIndex((rule, at) => this.#left[at]! > 0 && fits(rule, request));
    if (index < 0) return {};
    this.#left[index]! -= 1;
    return this.#rules[index]!;
  }
}

function fits({ verb, from, to, contains }: Rule, request: Request): boolean {
  return (
    (verb === undefined || verb === request.verb) &&
    (from === undefined || from === request.header('From')) &&
    (to === undefined || to === request.header('To')) &&
    (contains === undefined || request.body.includes(contains))
  );
}

function serve(socket: Socket, script: Script, onRequest: (line: string) => void): void {
  const framer = new Framer(LIMITS);
  let waiting = 0;
  let ended = false;
  const endWhenDone = () => {
    if (ended && waiting === 0) socket.end();
  };
  const answer = (request: Request, rule: Rule) => {
    waiting -= 1;
    if (socket.writable) act(socket, request, rule);
    endWhenDone();
  };
  socket.on('error', () => socket.destroy());
  socket.on('end', () => {
    ended = true;
    endWhenDone();
  });
  socket.on('data', (chunk) => {
    framer.push(chunk);
    socket.cork();
    try {
      for (let frame = framer.next(); frame !== undefined; frame = framer.next()) {
        const request = readRequest(socket, frame);
        if (request === undefined || request.verb === 'SKIP') continue;
        const rule = script.take(request);
        onRequest(lineOf(request, rule));
        waiting += 1;
        // Answers without a delay keep their order and go out in one write.
        if (rule.delay_ms === undefined) answer(request, rule);
        else setTimeout(answer, rule.delay_ms, request, rule);
      }
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      socket.end(encodeResponse(errorResponse(error), undefined));
    }
    socket.uncork();
    if (socket.writableNeedDrain) socket.pause();
  });
  socket.on('drain', () => socket.resume());
}

/** Undefined where the request was answered with its error. @throws RequestError that closes */
function readRequest(socket: Socket, frame: Frame): Request | undefined {
  const head = new Head(frame);
  try {
    return parseRequest(head, performance.now());
  } catch (error) {
    if (!(error instanceof RequestError) || error.closes) throw error;
    socket.write(encodeResponse(errorResponse(error), head.id));
    return undefined;
  }
}

function act(socket: Socket, request: Request, rule: Rule): void {
  if (rule.close === true) socket.destroy();
  else if (rule.garbage !== undefined) socket.write(rule.garbage);
  else if (rule.drop !== true) socket.write(encodeResponse(fakeAnswer(request, rule), request.id));
}

function lineOf(request: Request, rule: Rule): string {
  const names = ['Id', 'From', 'To', 'Trace'] as const;
  const told = names.map((name) => [name, request.header(name)]).filter(([, value]) => value !== undefined);
  const headers = told.map(([name, value]) => ` ${name}=${value}`).join('');
  const fitted = Object.keys(rule).length === 0 ? 'friendly' : JSON.stringify(rule);
  return `${request.verb}${headers} (${request.body.length} bytes): ${fitted}`;
}
