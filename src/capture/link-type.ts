/**
 * Name that tcpdump's `-y` takes for a LINKTYPE_ number (libpcap pcap.c, dlt_choices; the names are those of the DLT_
 * values, which differ from the LINKTYPE_ numbers for a few types). Only types whose packets libpcap can filter by IP
 * are listed; https://www.tcpdump.org/linktypes.html.
 */
const DATALINK_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'NULL'],
  [1, 'EN10MB'],
  [6, 'IEEE802'],
  [7, 'ARCNET'],
  [8, 'SLIP'],
  [9, 'PPP'],
  [10, 'FDDI'],
  // DLT_RAW is 12, or 14 on OpenBSD, and some programs write it instead of LINKTYPE_RAW.
  [12, 'RAW'],
  [14, 'RAW'],
  [50, 'PPP_SERIAL'],
  [51, 'PPP_ETHER'],
  [100, 'ATM_RFC1483'],
  [101, 'RAW'],
  [104, 'C_HDLC'],
  [105, 'IEEE802_11'],
  [107, 'FRELAY'],
  [108, 'LOOP'],
  [113, 'LINUX_SLL'],
  [117, 'PFLOG'],
  [119, 'PRISM_HEADER'],
  [122, 'IP_OVER_FC'],
  [123, 'SUNATM'],
  [127, 'IEEE802_11_RADIO'],
  [129, 'ARCNET_LINUX'],
  [130, 'JUNIPER_MLPPP'],
  [138, 'APPLE_IP_OVER_IEEE1394'],
  [163, 'IEEE802_11_RADIO_AVS'],
  [166, 'PPP_PPPD'],
  [178, 'JUNIPER_ETHER'],
  [192, 'PPI'],
  [228, 'IPV4'],
  [229, 'IPV6'],
  [240, 'NETANALYZER'],
  [241, 'NETANALYZER_TRANSPARENT'],
  [276, 'LINUX_SLL2'],
]);

/** tcpdump's name of a link type, null where packets of that type cannot be filtered. */
export function datalinkName(linkType: number): string | null {
  return DATALINK_NAMES.get(linkType) ?? null;
}
