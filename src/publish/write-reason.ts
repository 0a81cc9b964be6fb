const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device',
  EDQUOT: 'disk quota exceeded',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
  ENOTDIR: 'not a folder',
  EEXIST: 'a file of that name is in the way',
  ENOENT: 'no such file or folder',
  ENAMETOOLONG: 'name too long',
  EIO: 'input/output error',
  EISDIR: 'is a folder',
};

/** Reason of a failed write in words, without the call and path Node adds. */
export function writeReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return REASONS[code] ?? (code === '' ? error.message : code);
}
