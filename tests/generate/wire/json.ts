/** JSON as different programs print it: the text on the wire is part of what a capture shows. */

/** Spaces after `:` and `,`, as printf-made requests and jansson's default output have them. */
export function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${spaced(member)}`);
    return `{${members.join(', ')}}`;
  }
  return JSON.stringify(value);
}

export function compact(value: unknown): string {
  return JSON.stringify(value);
}
