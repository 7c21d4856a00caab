// Runs in a page before its own scripts: an ear at an audio element. It keeps every sample that the
// element gives out, and tells them by the page's clock (`performance.now`).

/** In the page's audio thread: keeps all blocks from the first on, and hands them out when asked. */
const KEEP = `
  registerProcessor('keep', class extends AudioWorkletProcessor {
    constructor() {
      super();
      this.blocks = [];
      this.port.onmessage = () => this.port.postMessage({ first: this.first, blocks: this.blocks });
    }
    process([[left]]) {
      this.first ??= currentFrame;
      this.blocks.push(left ? left.slice() : new Float32Array(128));
      return true;
    }
  });
`;
/** How often it is written down which sample leaves the speakers when, milliseconds. */
const STAMP_MS = 20;
/** How much it has heard before it is of use: a tenth of a second. */
const FIRST_FRAMES = 4_800;

const ear = {
  node: null,
  stamps: [],

  /** Puts the ear to an element, for good. */
  async put(audio) {
    const context = new AudioContext({ sampleRate: 48_000 });
    const url = URL.createObjectURL(new Blob([KEEP], { type: 'text/javascript' }));
    await context.audioWorklet.addModule(url);
    const node = new AudioWorkletNode(context, 'keep', {
      channelCount: 1,
      channelCountMode: 'explicit',
    });
    context.createMediaElementSource(audio).connect(node).connect(context.destination);
    await context.resume();
    Object.assign(ear, { node });
    await new Promise((resolve) => {
      setInterval(() => {
        const { contextTime, performanceTime } = context.getOutputTimestamp();
        const frame = contextTime * 48_000;
        if (frame > 0) ear.stamps.push({ frame, ms: performanceTime });
        if (frame > FIRST_FRAMES) resolve();
      }, STAMP_MS);
    });
  },

  /** Does something; returns when. */
  act(run) {
    const at = performance.now();
    run();
    return at;
  },

  /** All that was heard: 16-bit samples in base64, and the frame of the first of them. */
  async heard() {
    const { port } = ear.node;
    const { first, blocks } = await new Promise((resolve) => {
      port.addEventListener('message', ({ data }) => resolve(data), { once: true });
      port.start();
      port.postMessage('all');
    });
    const pcm = new Int16Array(blocks.length * 128);
    for (const [index, block] of blocks.entries())
      for (const [at, sample] of block.entries()) pcm[index * 128 + at] = sample * 32_767;
    const bytes = new Uint8Array(pcm.buffer);
    let text = '';
    for (let at = 0; at < bytes.length; at += 32_768)
      text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
    return { first, base64: btoa(text), stamps: ear.stamps };
  },
};
globalThis.ear = ear;
