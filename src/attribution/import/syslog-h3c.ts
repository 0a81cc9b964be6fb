/** NAT logs of H3C and HPE devices: the older flow log with arrows, and the newer one of `Name(number)=value` pairs. */
import { plain, problem } from './session-fields.ts';
import { instant, timeOf } from './session-time.ts';
import { natRecord, type Shape, type ShapeResult } from './syslog-shapes.ts';

const FLOW =
  /(?:^|[ :])([A-Za-z0-9]{1,12}); ?([0-9.]{7,15}):(\d{1,5})--->([0-9.]{7,15}):(\d{1,5}); ?([0-9.]{7,15}):(\d{1,5});? ?\[([0-9/ :]{19})-([0-9/ :]{19})\];? ?(?:Operator (\d{1,3}))?(?:: ?(.{0,64}))?/;

/** `PROTO; inside:port--->outside:port; destination:port; [start-end]; Operator n: words`; an end of zeros is open. */
export const h3cFlowShape: Shape = (line, header, clock) => {
  if (!line.includes('--->')) return null;
  const found = FLOW.exec(line);
  if (found === null) return problem('damaged_line', 'a flow log without its times or addresses; the line is damaged');
  const begin = timeOf(found[8] ?? '', clock.zone, clock.now);
  const end = (found[9] ?? '').startsWith('0000') ? null : timeOf(found[9] ?? '', clock.zone, clock.now);
  const active = /active/i.test(found[11] ?? '');
  return natRecord({
    action: end === null ? 'begin' : active ? 'interim' : 'end',
    time: end ?? begin,
    started: begin,
    inside: found[2] ?? '',
    outside: found[4] ?? '',
    firstPort: found[5] ?? '',
    protocol: found[1] ?? '',
    realm: header.host,
    discriminator: `${found[3]} ${found[6]} ${found[7]}`,
    extra: { device: plain(header.host) },
  });
};

/** `20261103081502` or, as the devices write it, `11032026081502` (month first). */
function stamp(text: string, zone: number): number | null {
  if (!/^\d{14}$/.test(text)) return null;
  const usual = timeOf(text, zone, 0);
  if (usual !== null) return usual;
  const part = (from: number, to: number): number => Number(text.slice(from, to));
  return instant(part(4, 8), part(0, 2), part(2, 4), part(8, 10), part(10, 12), part(12, 14), 0, zone);
}

/** `Protocol(1001)=TCP;SrcIPAddr(1003)=…;NATSrcIPAddr(1005)=…;…;BeginTime_e(1013)=…;Event(1048)=(8)Session created;` */
export const h3cPairsShape: Shape = (line, header, clock): ShapeResult => {
  if (!line.includes('NATSrcIPAddr')) return null;
  const values = new Map<string, string>();
  for (const pair of line.matchAll(/(?:^|[;: ])([A-Za-z_0-9]{1,32})(?:\(\d{1,5}\))?=([^;]{0,128})/g)) {
    const name = (pair[1] ?? '').toLowerCase();
    if (!values.has(name)) values.set(name, (pair[2] ?? '').trim());
  }
  const of = (...names: string[]): string =>
    names.map((name) => values.get(name) ?? '').find((value) => value !== '') ?? '';
  const begin = stamp(of('begintime_e', 'begintime'), clock.zone);
  const end = stamp(of('endtime_e', 'endtime'), clock.zone);
  const words = `${of('event')} ${of('userlogtype', 'operation', 'opertype')}`.toLowerCase();
  const ends = /\b(?:free|withdraw|releas|delet|over|aged|end)/.test(words) || (words.trim() === '' && end !== null);
  const active = /active/.test(words);
  const vpn = of('rcvvpninstance', 'srcvpninstancename', 'vpninstance');
  return natRecord({
    action: active ? 'interim' : ends ? 'end' : 'begin',
    time: (ends || active ? (end ?? header.time) : (begin ?? header.time)) ?? null,
    started: begin,
    inside: of('srcipaddr', 'privateipaddr', 'localaddr'),
    outside: of('natsrcipaddr'),
    firstPort: of('natsrcport', 'startport', 'beginport', 'portblockstart', 'natstartport'),
    lastPort: of('natsrcport') === '' ? of('endport', 'portblockend', 'natendport') : '',
    protocol: of('protocol'),
    realm: vpn === '' ? header.host : `vrf:${vpn}`,
    discriminator: `${of('srcport')} ${of('dstipaddr')} ${of('dstport')}`,
    extra: { device: plain(header.host), vrf: plain(vpn) },
  });
};
