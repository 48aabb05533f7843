import { configText } from '../cli/config-text.ts';
import { valueAt } from '../config/key-path.ts';
import { schema } from '../config/schema.ts';
import { RIGHTS } from '../pnp/grammar.ts';

/** What an installed system needs beside the defaults, which are those of a checkout. */
const INSTALLED = {
  listen: {
    unix: [
      { path: '/run/providence/providence.sock', group: 'providence' },
      { path: '/run/providence/admin.sock', mode: '600', rights: [...RIGHTS] },
    ],
  },
  store: { directory: '/var/lib/providence/store', secret_file: '/var/lib/providence/secret' },
};

const HEAD = `# The configuration of Providence.
#
# A line that begins with "#" and a name holds a default: take the "#" away to
# set the key. What is left as it is follows the defaults of later releases.
#
#   providence config check          is this file right?
#   providence config explain KEY    what a key means, where its value is from
#
# Made by "npm run docs" from the schema.`;

/** The configuration that packages install as /etc/providence/providence.toml: every key with its prose. */
export function shippedConfig(): string {
  const text = configText(schema.parse(INSTALLED), (key) => valueAt(INSTALLED, key) !== undefined);
  return `${HEAD}\n\n${text}\n`;
}
