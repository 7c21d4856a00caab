// The hash by which a take is known from the browser to the store.

/**
 * SHA-256 of a blob, lower-case hex. The browser hashes off the main thread; the whole blob is
 * read into memory, which MAX_UPLOAD_BYTES (64 MiB) bounds.
 */
export async function sha256Hex(blob: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
