import ipaddr from 'ipaddr.js';

interface Prefix {
  /** Network and mask in 32-bit words, one for IPv4, four for IPv6. */
  readonly words: readonly number[];
  readonly masks: readonly number[];
}

function wordsOf(bytes: readonly number[]): number[] {
  const words: number[] = [];
  for (let i = 0; i < bytes.length; i += 4)
    words.push(
      ((bytes[i] ?? 0) << 24) | ((bytes[i + 1] ?? 0) << 16) | ((bytes[i + 2] ?? 0) << 8) | (bytes[i + 3] ?? 0),
    );
  return words;
}

function parsePrefix(text: string): Prefix {
  let address: ReturnType<typeof ipaddr.parse>;
  let length: number;
  try {
    if (text.includes('/')) [address, length] = ipaddr.parseCIDR(text);
    else {
      address = ipaddr.parse(text);
      length = address.kind() === 'ipv4' ? 32 : 128;
    }
  } catch {
    throw new RangeError(`exporter "${text}" is no address and no prefix: write it like 192.0.2.1 or 192.0.2.0/24`);
  }
  let bytes = address.toByteArray();
  // An IPv4 address written the IPv6 way (RFC 4291 §2.5.5.2) means the IPv4 address.
  if (
    bytes.length === 16 &&
    length >= 96 &&
    address.kind() === 'ipv6' &&
    (address as ipaddr.IPv6).isIPv4MappedAddress()
  ) {
    bytes = bytes.slice(12);
    length -= 96;
  }
  const masks = wordsOf(bytes).map((_, i) => {
    const bits = Math.min(32, Math.max(0, length - i * 32));
    return bits === 0 ? 0 : (-1 << (32 - bits)) | 0;
  });
  return { words: wordsOf(bytes).map((word, i) => word & (masks[i] as number)), masks };
}

/** Which addresses may send. */
export class AllowList {
  private readonly prefixes: readonly Prefix[];

  /** `prefixes`: addresses or CIDR prefixes. Throws a RangeError of one line for anything else. */
  constructor(prefixes: readonly string[]) {
    this.prefixes = prefixes.map(parsePrefix);
  }

  /** The address in canonical text where it may send (IPv4-mapped ones as IPv4); null where it may not or is none. */
  admit(text: string): string | null {
    const zone = text.indexOf('%');
    let address: ReturnType<typeof ipaddr.process>;
    try {
      address = ipaddr.process(zone < 0 ? text : text.slice(0, zone));
    } catch {
      return null;
    }
    const words = wordsOf(address.toByteArray());
    return this.prefixes.some((prefix) => covers(prefix, words)) ? address.toString() : null;
  }
}

function covers({ words, masks }: Prefix, address: readonly number[]): boolean {
  if (words.length !== address.length) return false;
  for (let i = 0; i < words.length; i++) if (((address[i] as number) & (masks[i] as number)) !== words[i]) return false;
  return true;
}
