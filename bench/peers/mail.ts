import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Message } from '../rows.ts';

/**
 * A chat text as the body of a mail (RFC 5322). Its head is always the same, so that it tells nothing; it has no Message-ID, of
 * which some filters make tokens.
 */
export function mailOf(text: string): string {
  return `${HEAD}\n${text}\n`;
}

/** Writes one mail a file into a new folder. @returns their paths, in order */
export function writeMails(folder: string, messages: readonly Message[]): string[] {
  mkdirSync(folder);
  return messages.map(({ text }, index) => {
    const path = join(folder, String(index));
    writeFileSync(path, mailOf(text));
    return path;
  });
}

const HEAD = `From: <sender@example.com>
To: <user@example.org>
Subject:
Date: Mon, 01 Jan 2024 00:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit
`;
