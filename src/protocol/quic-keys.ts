import {
  type Cipheriv,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
} from 'node:crypto';

// Keys are handed over as key objects: with plain bytes, creating a cipher or an HMAC takes six to eight times as long.

/** Versions whose Initial packets can be opened: RFC 9000 §15 and RFC 9369 §3.1, as signed 32-bit words. */
export const QUIC_V1 = 1;
export const QUIC_V2 = 0x6b3343cf;

const TAG = 16;
const SAMPLE = 16;

interface VersionSecrets {
  readonly salt: KeyObject;
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly hp: Buffer;
}

/** HkdfLabel of RFC 8446 §7.1 with an empty context, and the counter byte of the first block of HKDF-Expand (RFC 5869). */
function labelOf(length: number, label: string): Buffer {
  const name = `tls13 ${label}`;
  return Buffer.from(`\0${String.fromCharCode(length, name.length)}${name}\0\x01`, 'latin1');
}

const CLIENT_IN = labelOf(32, 'client in');

/** Salts and labels: RFC 9001 §5.1 and §5.2, RFC 9369 §3.3.1 and §3.3.2. */
const V1: VersionSecrets = {
  salt: createSecretKey(Buffer.from('38762cf7f55934b34d179ae6a4c80cadccbb7f0a', 'hex')),
  key: labelOf(16, 'quic key'),
  iv: labelOf(12, 'quic iv'),
  hp: labelOf(16, 'quic hp'),
};
const V2: VersionSecrets = {
  salt: createSecretKey(Buffer.from('0dede3def700a6db819381be6e269dcbf9bd2ed9', 'hex')),
  key: labelOf(16, 'quicv2 key'),
  iv: labelOf(12, 'quicv2 iv'),
  hp: labelOf(16, 'quicv2 hp'),
};

function hmac(secret: KeyObject, message: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(message).digest();
}

/**
 * Keys that protect the Initial packets a client sends: 16-byte key, 12-byte IV, 16-byte header protection key (RFC 9001
 * §5.2). `connectionId`: the Destination Connection ID of the client's first Initial packet, 0 to 20 bytes.
 */
export function initialKeys(
  version: number,
  connectionId: Uint8Array,
): { readonly key: Buffer; readonly iv: Buffer; readonly hp: Buffer } {
  const secrets = version === QUIC_V2 ? V2 : V1;
  const initial = createSecretKey(hmac(secrets.salt, connectionId));
  const client = createSecretKey(hmac(initial, CLIENT_IN));
  return {
    key: hmac(client, secrets.key).subarray(0, 16),
    iv: hmac(client, secrets.iv).subarray(0, 12),
    hp: hmac(client, secrets.hp).subarray(0, 16),
  };
}

/** Opens the client's Initial packets of one connection; holds about 1 KiB with its cipher. */
export class InitialOpener {
  readonly version: number;
  private readonly key: KeyObject;
  private readonly iv: Buffer;
  /** AES-ECB has no state between blocks: one cipher serves every packet. */
  private readonly mask: Cipheriv;

  constructor(version: number, connectionId: Uint8Array) {
    const keys = initialKeys(version, connectionId);
    this.version = version;
    this.key = createSecretKey(keys.key);
    this.iv = keys.iv;
    this.mask = createCipheriv('aes-128-ecb', createSecretKey(keys.hp), null).setAutoPadding(false);
  }

  /**
   * The frames of the Initial packet [off, end) of `bytes`, whose packet number begins at `number` (at least 20 bytes before
   * `end`); null where the tag does not fit (RFC 9001 §5.3, §5.4). `bytes` stays as it is.
   */
  open(bytes: Uint8Array, off: number, number: number, end: number): Uint8Array | null {
    const mask = this.mask.update(bytes.subarray(number + 4, number + 4 + SAMPLE));
    const first = (bytes[off] as number) ^ ((mask[0] as number) & 0x0f);
    // Reserved bits are zero under the right key (RFC 9000 §17.2): three of four wrong keys end here.
    if ((first & 0x0c) !== 0) return null;
    const payload = number + (first & 0x03) + 1;
    if (end - payload < TAG) return null;
    const header = Buffer.from(bytes.subarray(off, payload));
    header[0] = first;
    // A client's first packets are not acknowledged yet, so their number is sent whole (RFC 9000 §17.1, A.2).
    const nonce = Buffer.from(this.iv);
    for (let i = number; i < payload; i++) {
      const byte = (header[i - off] as number) ^ (mask[1 + i - number] as number);
      header[i - off] = byte;
      const at = 12 - (payload - i);
      nonce[at] = (nonce[at] as number) ^ byte;
    }
    const cipher = createDecipheriv('aes-128-gcm', this.key, nonce);
    cipher.setAAD(header);
    cipher.setAuthTag(bytes.subarray(end - TAG, end));
    const frames = cipher.update(bytes.subarray(payload, end - TAG));
    try {
      cipher.final(); // the only sign of a wrong tag is an exception
    } catch {
      return null;
    }
    return frames;
  }
}
