/** Of `User-Key`. */
export const USER_KEY_BYTES = 32;
const PATTERN = /^[A-Za-z0-9+/]{43}=$/;

/** The bytes of a user's key in base64; undefined where it is none [PNP-5.1]. */
export function readUserKey(text: string): Buffer | undefined {
  return PATTERN.test(text) ? Buffer.from(text, 'base64') : undefined;
}
