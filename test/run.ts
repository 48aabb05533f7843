import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** Files run at once; the machine of CI has two cores. */
const CONCURRENCY = 2;
/** A test file that takes longer hangs. */
const FILE_TIMEOUT_MS = 300_000;

/**
 * Runs the test files named as arguments (`framer` stands for test/framer.test.ts), or all. Fails where a test fails, and
 * in CI where one is skipped: a tool that is missing there is a defect of test/setup.sh.
 */
function main(): void {
  const files = testFiles(process.argv.slice(2));
  const skipped: string[] = [];
  const stream = run({ files, concurrency: CONCURRENCY, timeout: FILE_TIMEOUT_MS });
  stream.on('test:fail', () => {
    process.exitCode = 1;
  });
  stream.on('test:pass', (event) => {
    if (event.skip !== undefined && event.skip !== false) skipped.push(event.name);
  });
  stream.on('end', () => {
    if (files.length === 0 || (process.env['CI'] !== undefined && skipped.length > 0)) process.exitCode = 1;
    for (const name of skipped) process.stderr.write(`skipped: ${name}\n`);
  });
  stream.compose(new spec()).pipe(process.stdout);
}

function testFiles(wanted: readonly string[]): string[] {
  const names = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.test.js'),
  );
  const chosen =
    wanted.length === 0 ? names : names.filter((name) => wanted.some((word) => name === `${word}.test.js`));
  return chosen.sort().map((name) => relative(process.cwd(), join(import.meta.dirname, name)));
}

main();
