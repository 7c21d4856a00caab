// Notices when a microphone that was blocked is allowed beside the address.

/** Tells when the microphone is allowed, until `signal` aborts; some browsers do not say. */
export async function watchPermission(onallowed: () => void, signal: AbortSignal): Promise<void> {
  try {
    const status = await navigator.permissions.query({ name: 'microphone' });
    status.addEventListener('change', () => status.state === 'granted' && onallowed(), { signal });
  } catch {
    // The button to try again is there all the same.
  }
}
