// Runs in the browser before the page: what its microphone gives can be held back, as by a device
// that is slow to deliver.

export interface HeldMicrophone {
  /** Blocks that are held back. */
  readonly waiting: number;
  hold(): void;
  /** Lets one block through every so often, milliseconds. */
  drip(everyMs: number): void;
  /** Lets through all that waits and all that comes. */
  release(): void;
}

/** Puts the gate in as `heldMicrophone`. For `page.addInitScript`: it uses nothing from outside. */
export function holdMicrophone(): void {
  const waiting: (() => void)[] = [];
  let held = false;
  let dripping: ReturnType<typeof setInterval> | undefined;
  const gate: HeldMicrophone = {
    get waiting() {
      return waiting.length;
    },
    hold() {
      held = true;
    },
    drip(everyMs) {
      dripping = setInterval(() => waiting.shift()?.(), everyMs);
    },
    release() {
      held = false;
      clearInterval(dripping);
      for (const pass of waiting.splice(0)) pass();
    },
  };
  Object.assign(globalThis, { heldMicrophone: gate });

  const Real = AudioWorkletNode;
  globalThis.AudioWorkletNode = class extends Real {
    constructor(context: BaseAudioContext, name: string, options?: AudioWorkletNodeOptions) {
      super(context, name, options);
      const listen = this.port.addEventListener.bind(this.port);
      const addEventListener = (type: string, listener: (event: Event) => void): void =>
        listen(type, (event) => {
          const pass = (): void => listener(event);
          if (held) waiting.push(pass);
          else pass();
        });
      Object.assign(this.port, { addEventListener });
    }
  };
}
