import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { PnpClient } from '../clients/node/pnp-client.ts';
import {
  decodeStarter,
  encodeStarter,
  loadStarter,
  readStarter,
  SHIPPED_STARTER,
  STARTER_BYTES_MAX,
  type StarterErrorCode,
} from '../src/store/starter.ts';
import { TOKENISER_VERSION } from '../src/text/features.ts';
import { startDaemon } from './daemon-process.ts';
import { chat } from './stanzas.ts';

const DIR = mkdtempSync(join(tmpdir(), 'pv-starter-'));
after(() => rmSync(DIR, { recursive: true }));

const HASHES = Buffer.from(Array.from({ length: 48 }, (_, index) => index));
const SHARES = Uint16Array.of(65_535, 32_768, 1);
const GOOD = encodeStarter(HASHES, SHARES);

function changed(change: (file: Buffer) => void): Buffer {
  const file = Buffer.from(GOOD);
  change(file);
  return file;
}

const BAD: readonly (readonly [string, Buffer | undefined, StarterErrorCode, RegExp])[] = [
  ['missing', undefined, 'unreadable', /cannot be read \(ENOENT\)/],
  ['empty', Buffer.alloc(0), 'corrupt', /is no starter table; install it anew/],
  ['something else', Buffer.alloc(200, 'x'), 'corrupt', /is no starter table/],
  ['cut off', GOOD.subarray(0, GOOD.length - 1), 'corrupt', /is damaged/],
  [
    'with a bit changed',
    changed((file) => file.writeUInt8((file.at(-1) ?? 0) ^ 1, file.length - 1)),
    'corrupt',
    /is damaged/,
  ],
  ['with another count', changed((file) => file.writeUInt32LE(0xffffffff, 12)), 'corrupt', /is damaged/],
  ['too large', Buffer.alloc(STARTER_BYTES_MAX + 1), 'corrupt', /is larger than 3145728 bytes/],
  [
    'of a newer format',
    changed((file) => file.writeUInt16LE(2, 8)),
    'newer-format',
    /has format 2, this release reads 1/,
  ],
  [
    'of another tokeniser',
    changed((file) => file.writeUInt16LE(TOKENISER_VERSION + 1, 10)),
    'other-tokeniser',
    /build it anew with: npm run build:starter/,
  ],
];

function fileOf(content: Buffer | undefined): string {
  const path = join(DIR, 'starter.bin');
  rmSync(path, { force: true });
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

describe('the file of a starter table', () => {
  it('holds what was written to it', () => {
    const { hashes, shares, id } = decodeStarter(GOOD);
    assert.deepEqual([Buffer.from(hashes), [...shares]], [HASHES, [...SHARES]]);
    assert.match(id, /^[0-9a-f]{16}$/);
  });

  for (const [what, content, code, message] of BAD) {
    it(`is refused where it is ${what}`, () => {
      assert.throws(() => readStarter(fileOf(content)), { name: 'StarterError', code, message });
    });
  }

  it('is weakened towards saying nothing, as another table', () => {
    const file = fileOf(GOOD);
    const half = loadStarter({ file, strength: 0.5 });
    const odds = (share: number) => Math.log(share / (65_536 - share));
    assert.ok(Math.abs(odds(half?.shares[0] ?? 0) - odds(65_535) / 2) < 0.01);
    assert.equal(half?.shares[1], 32_768);
    assert.notEqual(half?.id, loadStarter({ file, strength: 1 })?.id);
    assert.equal(loadStarter({ file, strength: 0 }), undefined);
  });
});

describe('the starter table that is shipped', () => {
  it('was built with the tokeniser of this release: if this fails, run npm run build:starter', () => {
    const file = readFileSync(SHIPPED_STARTER);
    assert.equal(file.readUInt16LE(10), TOKENISER_VERSION);
    assert.ok(file.length <= STARTER_BYTES_MAX);
    assert.ok(readStarter(SHIPPED_STARTER).shares.length > 10_000);
  });

  it('holds each token once', () => {
    const { hashes, shares } = readStarter(SHIPPED_STARTER);
    const seen = new Set(Array.from(shares, (_, at) => hashes.toString('latin1', 16 * at, 16 * at + 16)));
    assert.equal(seen.size, shares.length);
  });
});

describe('a daemon with a starter table', () => {
  const spam = chat(
    'Earn money from home with bitcoin! Join our channel now: https://t.me/example and subscribe',
  );

  it('judges from its first minute, and says what it rests on', async (t) => {
    const daemon = await startDaemon({ starter: true });
    const client = new PnpClient({ path: daemon.unixPath, timeoutMs: 5_000 });
    t.after(async () => {
      client.close();
      await daemon.stop();
    });
    const report = (await client.report(spam)).answer.body.toString();
    assert.match(report, /bayes\.server +0\.\d+ +60\.0 {2}\d+ features \(\d+ starter\), log-odds \+/);
    assert.match(report, /^Verdict spam/);
    assert.match(daemon.log(), /"msg":"starter table loaded"/);
    const metrics = await (await fetch(`http://127.0.0.1:${daemon.httpPort}/metrics`)).text();
    assert.match(metrics, /^providence_starter_tokens [1-9]\d{4}$/m);
  });

  for (const [what, content, code] of BAD) {
    it(`starts without one that is ${what}, and says why`, async (t) => {
      const config = `bayes.starter.file = "${fileOf(content)}"`;
      const daemon = await startDaemon({ starter: true, config });
      const client = new PnpClient({ path: daemon.unixPath, timeoutMs: 5_000 });
      t.after(async () => {
        client.close();
        await daemon.stop();
      });
      const { answer } = await client.check(spam);
      assert.match(answer.headers.get('Abstained') ?? '', /bayes\.server=untrained/);
      assert.match(daemon.log(), new RegExp(`"code":"${code}".*no starter table`));
    });
  }
});
