// CRC-32 (ISO 3309), which tells a chunk that is whole from one that is torn or was changed.

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xed_b8_83_20 : rest >>> 1;
  return rest >>> 0;
});

/** The checksum of `parts`, one after the other. */
export function crc32(...parts: readonly Uint8Array[]): number {
  let sum = 0xff_ff_ff_ff;
  for (const bytes of parts)
    for (const byte of bytes) sum = (sum >>> 8) ^ (table[(sum ^ byte) & 0xff] ?? 0);
  return (sum ^ 0xff_ff_ff_ff) >>> 0;
}
