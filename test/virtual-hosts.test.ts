import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PnpClient, readSymbols } from '../clients/node/pnp-client.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { chat } from './stanzas.ts';

const BANK = 'transfer credit account interest deposit';
const GARDEN = 'compost harvest seedling pruning orchard';
const TALK = 'supper tonight cinema neighbour holiday';
/** Those of one host work in a bank, those of the other one are sold credits. */
const HOSTS = { bank: 'bank.example', village: 'village.example' } as const;
type Host = keyof typeof HOSTS;

const SETTINGS = `bayes.server.lessons_min = 4
linear.server.weight = 0
bayes.reported.weight = 0
bayes.user.weight = 0`;

for (const scope of ['virtualhost', 'daemon'] as const)
  describe(`two virtual hosts with opposite ideas of the same words, scope "${scope}"`, () => {
    let daemon: DaemonProcess;
    let client: PnpClient;
    const points = async (words: string, host: Host) => {
      const { answer } = await client.symbols(chat(words), { to: `nobody@${HOSTS[host]}` });
      return readSymbols(answer).find(({ unit }) => unit === 'bayes.server')?.score ?? 0;
    };

    before(async () => {
      daemon = await startDaemon({ config: `${SETTINGS}\nbayes.server.scope = "${scope}"` });
      client = new PnpClient({ path: daemon.adminPath, timeoutMs: 30_000 });
      const tell = (label: 'spam' | 'ham', words: string, host: Host, number: number) =>
        client.tell({
          label,
          stanza: chat(`${words} number${number}`),
          facts: { to: `user${number % 3}@${HOSTS[host]}` },
        });
      for (let number = 0; number < 6; number++) {
        await tell('ham', BANK, 'bank', number);
        await tell('spam', GARDEN, 'bank', number);
        await tell('spam', BANK, 'village', number);
        await tell('ham', TALK, 'village', number);
      }
    });
    after(async () => {
      client.close();
      await daemon.stop();
    });

    it(scope === 'daemon' ? 'has one word for both' : 'has a word of its own for each', async () => {
      const [bank, village] = [await points(BANK, 'bank'), await points(BANK, 'village')];
      if (scope === 'daemon') assert.equal(bank, village);
      else assert.ok(bank < -0.1 && village > 0.1, `${bank} ${village}`);
    });

    it('shows the lessons of the host where it has a table', async () => {
      const { hostLessons, texts } = await client.tokens(chat(BANK), { to: `nobody@${HOSTS.bank}` });
      const hosts = texts[0]!.tokens.map(({ host }) => host);
      if (scope === 'daemon') assert.deepEqual([hostLessons, hosts[0]], [undefined, undefined]);
      else {
        assert.deepEqual(hostLessons, { spam: 6, ham: 6 });
        assert.ok(
          hosts.some((host) => host!.ham > 4 && host!.spam === 0),
          JSON.stringify(hosts),
        );
      }
    });

    it('knows in either host what only the other one has taught', async () => {
      assert.ok((await points(GARDEN, 'village')) > 0.1);
      assert.ok((await points(TALK, 'bank')) < -0.1);
    });

    it('keeps no opinion of one host for the other', async () => {
      for (let round = 0; round < 3; round++) {
        const [bank, village] = [await points(BANK, 'bank'), await points(BANK, 'village')];
        assert.equal(bank < village, scope === 'virtualhost');
      }
    });
  });
