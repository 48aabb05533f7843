import { createServer, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { StartError } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** A scrape has no body and a short head; whoever is slower or longer is cut off. */
const REQUEST_SECONDS_MAX = 10;
const CONNECTIONS_MAX = 64;

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: Metrics;
  /** Whether the daemon judges and learns at this moment, with a word on what is wrong. */
  readonly readiness: () => { ready: boolean; reason: string };
}

/** `/metrics`, `/healthz` (the process answers), `/readyz` (it judges and learns). @throws StartError port in use. */
export async function startHttp(options: HttpOptions): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    if (!isOwnName(request.headers.host)) return answer(response, 403, 'Ask by address or by localhost.\n');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(response, 405, 'Only GET is answered here.\n');
    if (path === '/healthz') return answer(response, 200, 'ok\n');
    if (path === '/readyz') return readyz(response, options);
    if (path === '/metrics') return void metrics(response, options.metrics);
    return answer(response, 404, 'Try /metrics, /healthz or /readyz.\n');
  });
  server.requestTimeout = REQUEST_SECONDS_MAX * 1_000;
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, options);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { port, close: () => closeServer(server) };
}

/** A web page whose name was made to point here (DNS rebinding) asks under that name, not by address. */
function isOwnName(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d{1,5}$/, '').replace(/^\[|\]$/g, '');
  return name === 'localhost' || isIP(name) !== 0;
}

function answer(
  response: ServerResponse,
  code: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(code, { 'content-type': type, 'x-content-type-options': 'nosniff' });
  response.end(text);
}

function readyz(response: ServerResponse, options: HttpOptions): void {
  const { ready, reason } = options.readiness();
  answer(response, ready ? 200 : 503, `${reason}\n`);
}

async function metrics(response: ServerResponse, source: Metrics): Promise<void> {
  answer(response, 200, await source.registry.metrics(), source.registry.contentType);
}

async function listen(server: Server, { host, port }: HttpOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const hint =
        error.code === 'EADDRINUSE'
          ? 'is in use; set http.port to another one, or http.host to ""'
          : `cannot be used (${error.code})`;
      reject(new StartError(`${host}:${port} for metrics ${hint}.`));
    });
    server.listen(port, host, resolve);
  });
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
