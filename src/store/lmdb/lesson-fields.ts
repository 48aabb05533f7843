/**
 * What a lesson holds beside its head, each under a number of its own: one that is empty takes no room, and one that is not
 * here when a lesson is read is empty.
 */
const NUMBER_OF_FIELD = {
  sids: 1,
  uids: 2,
  withheld: 3,
  host: 4,
  linear: 8,
} as const;

/** Bytes in front of a field: its number and its length, u16 each. */
const FIELD_HEAD_BYTES = 4;
const NONE = Buffer.alloc(0);

export interface LessonFields {
  /** Token ids of the server's table, 8 bytes each. */
  readonly sids: Buffer;
  /** Token ids of the user's table, 8 bytes each. */
  readonly uids: Buffer;
  /** Which of `sids` the server's table leaves out, a bit each. */
  readonly withheld: Buffer;
  /** The virtual host whose table it is in as well: see `host-share.ts`. */
  readonly host: Buffer;
  /** What `linear.server` is fitted to besides, sealed: see `lesson-seal.ts`. */
  readonly linear: Buffer;
}

type FieldName = keyof LessonFields;
const FIELDS = Object.entries(NUMBER_OF_FIELD) as readonly (readonly [FieldName, number])[];
/** What a lesson without any holds. */
export const NO_FIELDS = Object.fromEntries(FIELDS.map(([name]) => [name, NONE])) as unknown as LessonFields;
const FIELD_OF_NUMBER = new Map(FIELDS.map(([name, number]) => [number, name]));

/** Room that they take in a record. */
export function fieldBytes(fields: LessonFields): number {
  return FIELDS.reduce((bytes, [name]) => bytes + roomOf(fields[name]), 0);
}

export function writeFields(record: Buffer, offset: number, fields: LessonFields): void {
  let at = offset;
  for (const [name, number] of FIELDS) {
    const field = fields[name];
    if (field.length === 0) continue;
    record.writeUInt16LE(number, at);
    record.writeUInt16LE(field.length, at + 2);
    record.set(field, at + FIELD_HEAD_BYTES);
    at += roomOf(field);
  }
}

/** All fields up to the end of the record; they are not copied. */
export function readFields(record: Buffer, offset: number): LessonFields {
  const fields: Record<FieldName, Buffer> = { ...NO_FIELDS };
  for (let at = offset; at < record.length; ) {
    const start = at + FIELD_HEAD_BYTES;
    const end = start + record.readUInt16LE(at + 2);
    const name = FIELD_OF_NUMBER.get(record.readUInt16LE(at));
    if (name !== undefined) fields[name] = record.subarray(start, end);
    at = end;
  }
  return fields;
}

function roomOf(field: Buffer): number {
  return field.length === 0 ? 0 : FIELD_HEAD_BYTES + field.length;
}
