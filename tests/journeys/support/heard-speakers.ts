// Runs in the browser before the page: its microphone hears its speakers, late by a known time.

export interface Devices {
  readonly delayMs: number;
  /** What the microphone is called. */
  readonly label: string;
}

/**
 * Puts a delay in place of loudspeaker, air and microphone: whatever an audio context plays is what
 * its microphone delivers. For `page.addInitScript`, so it may use nothing from outside.
 */
export function hearSpeakers({ delayMs, label }: Devices): void {
  let heard: MediaStream | null = null;
  const airs = new WeakMap<BaseAudioContext, AudioNode>();
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
  const connect: (this: AudioNode, to: AudioNode) => AudioNode = AudioNode.prototype.connect;

  const Context = AudioContext;
  globalThis.AudioContext = class extends Context {
    constructor(options?: AudioContextOptions) {
      super(options);
      const air = new DelayNode(this, { maxDelayTime: 2, delayTime: delayMs / 1_000 });
      const microphone = new MediaStreamAudioDestinationNode(this, { channelCount: 1 });
      const room = new ConstantSourceNode(this, { offset: 0 });
      room.start();
      connect.call(room, air);
      connect.call(air, microphone);
      airs.set(this, air);
      heard = microphone.stream;
    }
  };
  Object.assign(AudioNode.prototype, {
    connect(this: AudioNode, to: AudioNode): AudioNode {
      const air = to === this.context.destination ? airs.get(this.context) : undefined;
      if (air !== undefined) connect.call(this, air);
      return connect.call(this, to);
    },
  });
  Object.assign(MediaDevices.prototype, {
    getUserMedia: async (): Promise<MediaStream> => {
      if (heard === null) throw new DOMException('nothing plays yet', 'NotFoundError');
      const [track] = heard.getAudioTracks();
      if (track !== undefined) Object.defineProperty(track, 'label', { value: label });
      return heard;
    },
  });
}
