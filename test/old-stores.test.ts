import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PnpClient, readSymbols } from '../clients/node/pnp-client.ts';
import { SCHEMA } from '../src/store/keys.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { chat } from './stanzas.ts';

const STORES = 'test/fixtures/stores';

interface Lesson {
  readonly label: 'spam' | 'ham' | 'forget';
  readonly text: string;
  readonly reporter?: string;
}

/** What is in force after all of it. */
function inForce(lessons: readonly Lesson[]): Lesson[] {
  const live = new Map<string, Lesson>();
  for (const lesson of lessons) {
    const key = `${lesson.reporter} ${lesson.text}`;
    if (lesson.label === 'forget') live.delete(key);
    else live.set(key, lesson);
  }
  return [...live.values()];
}

const names = readdirSync(STORES).filter((name) => name.startsWith('schema-'));

it('has a store of each older schema', () => {
  const schemas = new Set(names.map((name) => Number(name.split('-')[1])));
  for (let schema = 1; schema < SCHEMA; schema++) assert.ok(schemas.has(schema), `none of schema ${schema}`);
});

/** Schema 1 made ids in three ways: the commit says in which one. */
for (const name of names) {
  const schema = Number(name.split('-')[1]);
  const lessons = inForce(JSON.parse(readFileSync(`${STORES}/${name}/lessons.json`, 'utf8')));
  const kept = schema === 1 ? lessons.filter(({ reporter }) => reporter === undefined) : lessons;
  const hasTodaysIds = name !== 'schema-1-fac9aa9';

  describe(`the store ${name}, written by that commit's daemon and killed`, () => {
    let daemon: DaemonProcess;
    let client: PnpClient;
    const dir = mkdtempSync(join(tmpdir(), 'pv-old-'));

    before(async () => {
      mkdirSync(join(dir, 'store'));
      copyFileSync(`${STORES}/${name}/data.mdb`, join(dir, 'store/data.mdb'));
      copyFileSync(`${STORES}/${name}/secret`, join(dir, 'secret'));
      chmodSync(join(dir, 'secret'), 0o600);
      daemon = await startDaemon({ dir });
      client = new PnpClient({ path: daemon.adminPath, timeoutMs: 10_000 });
    });
    after(async () => {
      client.close();
      assert.equal(await daemon.stop(), 0);
      rmSync(dir, { recursive: true });
    });
    const unit = async (name: string, { text, reporter }: Pick<Lesson, 'text' | 'reporter'>) => {
      const { answer } = await client.symbols(chat(text), { to: reporter ?? 'nurse@capulet.example' });
      return readSymbols(answer).find((each) => each.unit === name);
    };
    const tell = ({ label, text, reporter }: Lesson) =>
      client.tell({ label, stanza: chat(text), facts: reporter === undefined ? {} : { to: reporter } });

    it('opens, and says what became of it', async () => {
      while (!daemon.log().includes('"msg":"started"')) await sleep(10);
      const opened = /"lessons":(\d+),"replayed":(\d+),.*"msg":"store opened"/.exec(daemon.log());
      assert.equal(Number(opened?.[1]), kept.length, daemon.log());
      assert.ok(Number(opened?.[2]) > 0, 'the log had lessons that no table had');
      assert.equal(/"msg":"the store had schema 1: /.test(daemon.log()), schema === 1);
    });

    it("knows the operator's texts, all of them", async () => {
      for (const lesson of kept.filter(({ reporter }) => reporter === undefined)) {
        const opinion = await unit('bayes.server', lesson);
        const sign = lesson.label === 'spam' ? 1 : -1;
        assert.ok(sign * (opinion?.score ?? 0) > 0.2, `${lesson.text}: ${opinion?.score}`);
        if (hasTodaysIds) assert.equal((await tell(lesson)).unchanged, 'already-taught');
      }
    });

    it("knows users' tables, or teaches them anew", async () => {
      const ofUsers = lessons.filter(({ reporter }) => reporter !== undefined);
      for (const lesson of ofUsers)
        if (schema === 1) assert.equal(await unit('bayes.user', lesson), undefined);
      for (const lesson of ofUsers)
        assert.equal((await tell(lesson)).unchanged, schema === 1 ? undefined : 'already-taught');
      for (const lesson of ofUsers) {
        const opinion = await unit('bayes.user', lesson);
        assert.ok(Number(opinion?.params['tokens']) >= 5, lesson.text);
      }
    });
  });
}
