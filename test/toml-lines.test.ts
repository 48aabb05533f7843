import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { lineOfKey, lineOfValue } from '../src/config/toml-lines.ts';

const TEXT = `# a comment with [brackets] and a = "sign"
log.level = "info" # dotted at the top
"http" . 'port' = 0

[thresholds]
note = """
[limits]
shed_ms = 1
\\""" ends not here"""
ham = '''
spam = 3
'''
spam = 6

[ "limits" ]
"shed\\u005fms" = 250
queue = [1979-05-27 07:32:00, 2, # two ]
  "a]b",
  [ 3,
    4 ],
]

[bayes.server]
weight = 3

[listen]
tcp = [
  { host = "::1", port = 1 },
  { rights = ["check",
              "learn"], host = "127.0.0.1" },
]

[[listen.unix]]
path = "a"
[listen.unix.more]
deep = { in = { the = 1 }, sea = 2 }
[[listen.unix]]
path = 'C:\\'
rights = [ "check",
           "root" ]
`;

/** Path, separated by spaces, and the line where its value stands; undefined: nothing in the text says it. */
const LINES: readonly (readonly [path: string, line: number | undefined])[] = [
  ['log level', 2],
  ['log', 2],
  ['http port', 3],
  ['thresholds', 5],
  ['thresholds note', 6],
  ['thresholds ham', 10],
  ['thresholds spam', 13],
  ['limits', 15],
  ['limits shed_ms', 16],
  ['limits queue', 17],
  ['limits queue 0', 17],
  ['limits queue 1', 17],
  ['limits queue 2', 18],
  ['limits queue 3 0', 19],
  ['limits queue 3 1', 20],
  ['limits queue 4', undefined],
  ['bayes', 23],
  ['bayes server weight', 24],
  ['listen', 26],
  ['listen tcp 0 port', 28],
  ['listen tcp 1 rights 0', 29],
  ['listen tcp 1 rights 1', 30],
  ['listen tcp 1 host', 30],
  ['listen unix', 33],
  ['listen unix 0', 33],
  ['listen unix 0 path', 34],
  ['listen unix 0 more deep in the', 36],
  ['listen unix 0 more deep sea', 36],
  ['listen unix 1 path', 38],
  ['listen unix 1 rights 1', 40],
  ['listen unix 1 more', undefined],
  ['listen unix 2', undefined],
  ['spam', undefined],
];

describe('lineOfValue', () => {
  for (const [name, text] of [
    ['LF', TEXT],
    ['CRLF', TEXT.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${TEXT}`],
  ] as const) {
    it(`finds each value and nothing else, with ${name}`, () => {
      assert.ok(parse(text));
      const found = LINES.map(([path]) => [path, lineOfValue(text, path.split(' '))]);
      assert.deepEqual(found, LINES);
    });
  }

  it('takes a table from where it is defined, not from where it is on the way', () => {
    const text = '[bayes.server]\nweight = 1\n[bayes]\n';
    assert.equal(lineOfKey(text, ['bayes', 'user']), 3);
  });

  it('knows what is written by its values: each is a number that is its line', () => {
    const name = fc.constantFrom('a', 'b c', '"', 'd.e', '=', '[x]', '#', 'é', "'");
    const quoted = name.map((text) => JSON.stringify(text));
    const key = fc.array(quoted, { minLength: 1, maxLength: 3 }).map((names) => names.join(' . '));
    const list = fc.constantFrom('N', '[N,\nN]', '[{ y = N, z = [\nN ] }, N]', '{ v = N, w . u = N }');
    const noise = fc.constantFrom('\n', '# [no]\n', '# a = """\n', '  \r\n');
    const line = fc.oneof(
      fc.tuple(key, list).map(([left, right]) => `${left}\t=${right}\n`),
      key.map((header) => `[${header}] # [[h]]\n`),
      key.map((header) => ` [[ ${header} ]]\n`),
      noise,
    );
    let parsed = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const text = lines
          .join('')
          .split('\n')
          .map((row, index) => row.replaceAll(/(?<!#.*)N/g, String(index + 1)))
          .join('\n');
        const tree = treeOf(text);
        if (tree === undefined) return;
        parsed += 1;
        for (const [path, value] of leavesOf(tree)) assert.equal(lineOfValue(text, path), value, text);
      }),
      { numRuns: 2_000, seed: 3 },
    );
    assert.ok(parsed > 300, `${parsed}`);
  });
});

describe('lineOfKey', () => {
  it('names the table where the key is missing from it', () => {
    assert.equal(lineOfKey(TEXT, ['thresholds', 'unsure']), 5);
    assert.equal(lineOfKey(TEXT, ['listen', 'unix', '1', 'mode']), 37);
    assert.equal(lineOfKey(TEXT, ['listen', 'tcp', '0', 'rights']), 28);
  });

  it('names no line where only a neighbour is written, by a dotted key', () => {
    assert.equal(lineOfKey(TEXT, ['log', 'colour']), undefined);
    assert.equal(lineOfKey(TEXT, ['bayes', 'user', 'weight']), undefined);
  });
});

function treeOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function leavesOf(node: unknown, path: readonly string[] = []): (readonly [string[], number])[] {
  if (typeof node === 'number') return [[[...path], node]];
  return Object.entries(node as object).flatMap(([name, inner]) => leavesOf(inner, [...path, name]));
}
