/** What TLS shows in clear about one connection (RFC 5246, RFC 8446). */

export interface TlsClientHello {
  readonly what: 'client-hello';
  /** `legacy_version` of the message: 0x0303 for TLS 1.2 and 1.3. */
  readonly legacyVersion: number;
  /** The list of supported_versions in its order, without GREASE; empty without that extension. */
  readonly versions: readonly number[];
  /** Host name of server_name: lower case, no final dot, host name characters only; null where it is none. */
  readonly sni: string | null;
  /** Protocols offered, without GREASE, at most 16; one that is not printable ASCII as `0x` and hexadecimal digits. */
  readonly alpn: readonly string[];
  /** MD5 of the whole JA3 text, hexadecimal. */
  readonly ja3: string;
  /** The JA3 text, its first 2,048 characters. */
  readonly ja3Text: string;
  readonly ja4: string;
  /** Bytes of the handshake message with its header of 4; in one record of its own, 5 less than the segment. */
  readonly handshakeLength: number;
  /** The encrypted_client_hello extension is there; browsers also send it with random content (GREASE). */
  readonly ech: boolean;
}

export interface TlsServerHello {
  readonly what: 'server-hello';
  /** Version chosen: that of supported_versions where it is there, else of the message. Drafts of TLS 1.3: 0x7fNN. */
  readonly version: number;
  /** Protocol chosen in clear (TLS 1.2 and below). */
  readonly alpn: string | null;
}

/** The server's own certificate, the first of its chain. */
export interface TlsCertificate {
  readonly what: 'certificate';
  /** dNSName entries, and the common name where it looks like a host name; lower case, each once, at most 64. */
  readonly names: readonly string[];
  /** Texts are cut at 256 characters; control characters are replaced by U+FFFD. */
  readonly commonName: string | null;
  readonly organisation: string | null;
  readonly organisationalUnit: string | null;
  readonly issuerCommonName: string | null;
  /** Issuer and subject are the same bytes. */
  readonly selfIssued: boolean;
  /** 1 without a version field. */
  readonly x509Version: number;
  /** The number as encoded, hexadecimal, lower case, without one leading zero byte; at most 64 bytes of it. */
  readonly serial: string;
  /** Seconds since the epoch; NaN where the time cannot be read. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export type TlsFact = TlsClientHello | TlsServerHello | TlsCertificate;

export interface TlsHandler {
  onTlsFact(fact: TlsFact): void;
  /**
   * One record header: content type (20 ChangeCipherSpec, 21 alert, 22 handshake, 23 application data, 24 heartbeat) and
   * its length field. Without this method nothing is read after `onTlsEnd`.
   */
  onTlsRecord?(type: number, length: number): void;
  /** Index into ANOMALIES. */
  onTlsAnomaly(anomaly: number): void;
  /** Called once: no fact will follow, whether all was seen or the stream is no TLS. */
  onTlsEnd(): void;
}
