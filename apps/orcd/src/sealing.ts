/** Secrets are sealed before they enter the log (DECISIONS 35): AES-256-GCM, the key in the root, 0600. */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurableSync } from '@orc/disk';
import { fail } from '@orc/model';

export type Sealing = {
  /** Base 64 to base 64; `bound` says whose and which version it is, and must be given again to open it. */
  readonly seal: (bound: string, data: string) => string;
  readonly open: (bound: string, sealed: string) => string;
  readonly keyedHash: (text: string) => string;
};

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Makes the key at the first start; a key that is gone later is an error, as what it sealed is then lost. */
export function openSealing(root: string, isNew: boolean): Sealing {
  const key = readOrMakeKey(join(root, 'data.key'), isNew);
  return {
    seal(bound, data) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound));
      const body = Buffer.concat([cipher.update(Buffer.from(data, 'base64')), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
    },
    open(bound, sealed) {
      const bytes = Buffer.from(sealed, 'base64');
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound)).setAuthTag(tag);
      try {
        return Buffer.concat([
          decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)),
          decipher.final(),
        ]).toString('base64');
      } catch (error) {
        throw fail('disk.damaged', `the sealed content of ${bound} does not open`, {
          hint: 'was data.key replaced?',
          cause: { code: 'internal', message: String(error) },
        });
      }
    },
    keyedHash: (text) => createHmac('sha256', key).update(text).digest('hex'),
  };
}

function readOrMakeKey(file: string, isNew: boolean): Buffer {
  if (existsSync(file)) {
    const key = readFileSync(file);
    if (key.length === KEY_BYTES) return key;
    throw fail('disk.damaged', `${file} is not a key of ${KEY_BYTES} bytes`, {
      hint: 'put the key back that was there',
    });
  }
  if (!isNew)
    throw fail('disk.damaged', `${file} is gone: secrets in the log cannot be opened`, {
      hint: 'put the key back that was there',
    });
  const key = randomBytes(KEY_BYTES);
  writeDurableSync(file, key);
  return key;
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
