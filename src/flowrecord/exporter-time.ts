/** Times as exporters tell them. */

/** Seconds from 1900 (NTP) to 1970, and of one NTP era. */
const NTP_EPOCH = 2_208_988_800;
const ERA = 2 ** 32;

/** Uptimes so far ahead of the header's are ahead; by more, the counter started again in between (after 49.7 days). */
const AHEAD = 2 ** 32 - 3_600_000;

/** Milliseconds from `then` to `now`, both of an exporter's 32-bit uptime. */
export function sinceUptime(now: number, then: number): number {
  const elapsed = (now - then) >>> 0;
  return elapsed > AHEAD ? elapsed - 2 ** 32 : elapsed;
}

/** NTP time stamp as µs since the epoch; seconds below 2^31 lie in the era that begins in 2036. */
export function ntpTime(seconds: number, fraction: number): number {
  const era = seconds < 2 ** 31 ? ERA : 0;
  return (seconds + era - NTP_EPOCH) * 1e6 + Math.round((fraction * 1e6) / ERA);
}
