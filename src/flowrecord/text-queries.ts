/** Types of DNS questions that ask for an address; others (PTR, TXT, MX) prepare no connection. '' where the log tells none. */
export const ADDRESS_QUERIES: ReadonlySet<string> = new Set(['', 'A', 'AAAA', 'HTTPS', 'CNAME', '*', 'ANY']);
