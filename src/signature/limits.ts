/**
 * How much a signature may hold. Together these bound what a message can cost: at most 10,000 signatures are tried on it,
 * each with at most 96 conditions, each of which walks 8 steps and looks once at the text or list it finds there.
 */

/** Conditions in one of `all`, `any`, `none`, and in all three together. */
export const MAX_CONDITIONS = 64;
export const MAX_CONDITIONS_TOGETHER = 96;
/** Entries of `method` and `in`; characters of a text in `in`. */
export const MAX_ENTRIES = 256;
export const MAX_ENTRY = 256;
/** Characters of what is looked for inside a text, of a method and of a header's name. */
export const MAX_PART = 64;
/** Characters and steps of the path to a member. */
export const MAX_PATH = 256;
export const MAX_PATH_STEPS = 8;
/** Characters of ids, and of the names of dialects, families and algorithms. */
export const MAX_ID = 80;
export const MAX_TESTS = 64;
/** Characters of a test's text. */
export const MAX_TEST_TEXT: number = 64 * 1024;
/** Texts of which one must occur in a message for a signature to be tried at all. */
export const MAX_LITERALS = 64;
/** Such texts of a whole set; the table that finds them holds less where they are long. */
export const MAX_WORDS = 8191;
export const MAX_REFERENCES = 16;
export const MAX_REFERENCE = 512;
export const MAX_COINS = 16;
/** Bytes of a signature file. */
export const MAX_FILE: number = 1024 * 1024;
export const MAX_SIGNATURES = 10_000;
/** Faults that are listed of one file: naming a place means reading the file up to it. */
export const MAX_FAULTS = 200;
