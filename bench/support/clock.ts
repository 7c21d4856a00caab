// One clock for all processes of a measurement.

/** The time of the machine since some moment, milliseconds: the same for whoever asks on it. */
export const machineNowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
