import { existsSync, readFileSync } from 'node:fs';

/**
 * Loaded into a daemon with `--import`: its clock of days and dates goes by as many milliseconds ahead as the file named by
 * TEST_CLOCK_AHEAD says. Times to live of days can be waited for so.
 */
const file = process.env['TEST_CLOCK_AHEAD'] ?? '';
const real = Date.now.bind(Date);
Date.now = () => real() + (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
