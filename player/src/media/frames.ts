/*
 * Watches the pictures of a video element: the first one, and whether more come.
 * Trap: a hidden tab presents no frames although the stream is well, so it is not judged.
 */

const LOOK_EVERY_MS = 500;
const STALLED_AFTER_MS = 2000;

export interface FrameEvents {
  first(): void;
  flowing(flows: boolean): void;
}

export class FrameWatch {
  readonly #video: HTMLVideoElement;
  readonly #events: FrameEvents;
  #timer: ReturnType<typeof setInterval> | undefined;
  #frames = 0;
  #changedAt = 0;
  #flows = true;
  #stopped = false;

  constructor(video: HTMLVideoElement, events: FrameEvents) {
    this.#video = video;
    this.#events = events;
    onFirstFrame(video, () => this.#begin());
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stopped = true;
  }

  #begin(): void {
    if (this.#stopped) return;
    this.#changedAt = performance.now();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#events.first();
  }

  #look(): void {
    const now = performance.now();
    const frames = this.#video.getVideoPlaybackQuality().totalVideoFrames;
    if (frames !== this.#frames || document.hidden) {
      this.#frames = frames;
      this.#changedAt = now;
    }
    // reported again at each look, because what it means depends on the signalling of the moment
    const flows = now - this.#changedAt < STALLED_AFTER_MS;
    if (!flows || !this.#flows) this.#events.flowing(flows);
    this.#flows = flows;
  }
}

function onFirstFrame(video: HTMLVideoElement, then: () => void): void {
  let seen = false;
  const once = (): void => {
    if (!seen) then();
    seen = true;
  };
  // a hidden tab gets no frame callbacks, yet someone who waits in another tab must get in
  video.addEventListener('loadeddata', () => { if (document.hidden) once(); });
  if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(once);
  else (video as HTMLVideoElement).addEventListener('playing', once);
}
