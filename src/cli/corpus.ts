import { createReadStream } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { readMbox } from './corpus-mbox.ts';
import { type CorpusRow, type CorpusText, type Label, parseRow } from './corpus-tsv.ts';
import { CliError, cannotRead, EXIT } from './exit.ts';
import { readLines } from './lines.ts';
import { STANDARD_INPUT } from './standard-input.ts';
import { messageOf } from './stanza-text.ts';

/** A stanza to learn from. `bytes` is what it took of its source: for a progress bar. */
export interface CorpusStanza {
  readonly label: Label | undefined;
  readonly stanza: string;
  /** Where the source has a text and no stanza. */
  readonly text?: string;
  readonly bytes: number;
}

/** Most bytes of one stanza's file, most files of a folder. */
const STANZA_BYTES_MAX = 1_048_576;
const FOLDER_FILES_MAX = 1_000_000;
/** How much of a file is looked at to tell its format. */
const SNIFF_BYTES = 4_096;

/**
 * The stanzas of a source: a TSV, an mbox, a folder of stanza files, one stanza file, or standard input.
 * @throws CliError 66 where it cannot be read, 65 where its format is none of these
 */
export async function* readCorpus(path: string): AsyncGenerator<CorpusStanza> {
  if (path === STANDARD_INPUT) {
    yield* fromTexts(readStandardInput());
    return;
  }
  switch (await formatOf(path)) {
    case 'folder':
      yield* readFolder(path);
      break;
    case 'tsv':
      yield* fromTexts(readTsv(path));
      break;
    case 'mbox':
      yield* fromTexts(readMboxFile(path));
      break;
    case 'stanza':
      yield await readStanza(path);
      break;
  }
}

/** Size of a source in bytes as `CorpusStanza.bytes` counts it; 0 where it cannot be told beforehand. */
export async function corpusBytes(path: string): Promise<number> {
  if (path === STANDARD_INPUT) return 0;
  const found = await reading(path, stat(path));
  if (!found.isDirectory()) return found.size;
  const sizes = await Promise.all(
    (await stanzaFiles(path)).map(async (file) => (await reading(file, stat(file))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The rows of a TSV, every line one. @throws CliError 66, and 65 for a line that is no row */
export async function* readTsv(path: string): AsyncGenerator<CorpusRow> {
  let count = 0;
  for await (const lines of readLines(chunksOf(path), 'utf-8')) {
    for (const line of lines) {
      count += 1;
      const row = parseRow(line);
      if (row === undefined) {
        throw new CliError(
          EXIT.badInput,
          `${path}: line ${count} is no row 'label<TAB>lang<TAB>text'; correct or remove it.`,
        );
      }
      yield row;
    }
  }
}

async function* readMboxFile(path: string): AsyncGenerator<CorpusText> {
  for await (const text of readMbox(readLines(chunksOf(path), 'latin1'))) yield { label: undefined, text };
}

/** Rows of a TSV, or one text a line: each line tells by itself. */
async function* readStandardInput(): AsyncGenerator<CorpusText> {
  for await (const lines of readLines(process.stdin, 'utf-8')) {
    for (const line of lines) if (line !== '') yield parseRow(line) ?? { label: undefined, text: line };
  }
}

async function* fromTexts(texts: AsyncIterable<CorpusText>): AsyncGenerator<CorpusStanza> {
  for await (const { label, text } of texts) {
    yield new CorpusMessage(label, text);
  }
}

/** Its stanza is made where one is asked for: a reader of texts needs none. */
class CorpusMessage implements CorpusStanza {
  readonly label: Label | undefined;
  readonly text: string;

  constructor(label: Label | undefined, text: string) {
    this.label = label;
    this.text = text;
  }

  get stanza(): string {
    return messageOf(this.text);
  }

  get bytes(): number {
    return Buffer.byteLength(this.text);
  }
}

async function* readFolder(path: string): AsyncGenerator<CorpusStanza> {
  for (const file of await stanzaFiles(path)) yield await readStanza(file);
}

async function stanzaFiles(path: string): Promise<string[]> {
  const files = (await reading(path, readdir(path))).filter((name) => name.endsWith('.xml')).sort();
  if (files.length === 0) {
    throw new CliError(
      EXIT.noInput,
      `${path}: there is no file '*.xml' in this folder; put one stanza in each file.`,
    );
  }
  if (files.length > FOLDER_FILES_MAX) {
    throw new CliError(
      EXIT.badInput,
      `${path}: holds more than ${FOLDER_FILES_MAX} files; part them into several folders.`,
    );
  }
  return files.map((name) => join(path, name));
}

async function readStanza(path: string): Promise<CorpusStanza> {
  const { size } = await reading(path, stat(path));
  if (size > STANZA_BYTES_MAX) {
    throw new CliError(
      EXIT.badInput,
      `${path}: larger than ${STANZA_BYTES_MAX} bytes; give one stanza a file.`,
    );
  }
  return { label: undefined, stanza: await reading(path, readFile(path, 'utf8')), bytes: size };
}

type Format = 'tsv' | 'mbox' | 'folder' | 'stanza';

async function formatOf(path: string): Promise<Format> {
  if ((await reading(path, stat(path))).isDirectory()) return 'folder';
  switch (extname(path)) {
    case '.tsv':
      return 'tsv';
    case '.mbox':
      return 'mbox';
    case '.xml':
      return 'stanza';
    default:
      return sniff(path);
  }
}

async function sniff(path: string): Promise<Format> {
  const file = await reading(path, open(path));
  const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
  await file.close();
  const start = buffer.toString('utf8', 0, bytesRead).trimStart();
  if (start.startsWith('From ')) return 'mbox';
  if (start.startsWith('<')) return 'stanza';
  if (/^(?:ham|spam)\t[^\t\n]{0,64}\t/.test(start)) return 'tsv';
  throw new CliError(
    EXIT.badInput,
    `${path}: neither TSV, mbox nor a stanza; pipe it into 'train -' to learn one text a line.`,
  );
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (error) {
    throw cannotRead(path, error);
  }
}

/** @throws CliError 66 where the system refuses */
async function reading<T>(path: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw cannotRead(path, error);
  }
}
