/**
 * What malloc(3) has given out in this process, and not got back.
 *
 * @module
 */

/** Of struct mallinfo2: ten times size_t. */
const FIELDS = 10;
/** Bytes of mmap(2) and of the arenas that are in use: hblkhd and uordblks. */
const IN_USE = [4, 7] as const;

const MALLOC = {
  // struct mallinfo2 mallinfo2(void);
  mallinfo2: { parameters: [], result: { struct: Array<"usize">(FIELDS).fill("usize") } },
} as const satisfies Deno.ForeignLibraryInterface;

let mallinfo2: (() => Uint8Array<ArrayBuffer>) | null | undefined;

function open(): typeof mallinfo2 {
  if (Deno.build.os !== "linux") return null;
  try {
    return Deno.dlopen("libc.so.6", MALLOC).symbols.mallinfo2;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return null;
  }
}

/** In bytes; null where the C library is not glibc 2.33 or newer, and does not say it. */
export function mallocBytes(): number | null {
  mallinfo2 = mallinfo2 === undefined ? open() : mallinfo2;
  if (!mallinfo2) return null;
  const fields = new BigUint64Array(mallinfo2().buffer);
  return IN_USE.reduce((sum, at) => sum + Number(fields[at]), 0);
}
