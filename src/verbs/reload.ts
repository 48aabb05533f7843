import { refusal } from '../pnp/refusal.ts';
import type { Response } from '../pnp/response.ts';
import type { Context } from './context.ts';

/** RELOAD: reads the configuration again; answered when what could change has changed [PNP-4]. */
export async function reload(context: Context): Promise<Response> {
  const outcome = await context.reload();
  if (outcome instanceof Error) throw refusal('bad-config', outcome.message);
  const { changed, restart } = outcome;
  return {
    status: 'EX_OK',
    headers: { Changed: `${changed.length}`, Restart: `${restart.length}` },
    body: keyLines('changed', changed) + keyLines('restart', restart),
  };
}

function keyLines(word: 'changed' | 'restart', keys: readonly string[]): string {
  return keys.map((key) => `${word} ${key}\r\n`).join('');
}
