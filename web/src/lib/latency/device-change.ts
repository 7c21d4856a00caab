// What a change among the devices means to whoever is recording: mostly nothing.

/** The devices of one moment. */
export interface Devices {
  /** Ids of the microphones that are there. */
  readonly inputIds: readonly string[];
  /** Name of the output that is played through; empty if the browser does not say. */
  readonly output: string;
}

export type DeviceChange =
  | { readonly kind: 'irrelevant' }
  /** The microphone in use is gone. */
  | { readonly kind: 'input-lost' }
  | { readonly kind: 'output-changed'; readonly from: string; readonly to: string };

/**
 * Judges what changed by the devices in use, whatever else came or went.
 * @param inputId the microphone in use; empty if the browser does not say
 */
export function judgeChange(before: Devices, after: Devices, inputId: string): DeviceChange {
  // An id that was not listed to begin with proves nothing by not being listed now.
  const wasListed = inputId !== '' && before.inputIds.includes(inputId);
  if (wasListed && !after.inputIds.includes(inputId)) return { kind: 'input-lost' };
  if (before.output !== after.output && after.output !== '') {
    return { kind: 'output-changed', from: before.output, to: after.output };
  }
  return { kind: 'irrelevant' };
}
