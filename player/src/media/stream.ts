/*
 * One stream on the page: Epic's PixelStreaming object over our signalling. The lazy chunk's entry.
 * Trap: the library builds a peer connection at `config` and throws it away for a second one when
 * it subscribes, so the peer is looked up after each message and watched anew when it has changed.
 */

import {
  Config, Logger, PixelStreaming, type AllSettings, type WebRtcPlayerController, type WebSocketTransport,
} from '@epicgames-ps/lib-pixelstreamingfrontend-ue5.7';
import { Timer } from '../deadline';
import { FrameWatch } from './frames';
import { IceWatch } from './ice';
import { Transport } from './transport';
import type { IceFindings, Settings, Stream, StreamEvents } from './types';

/** How long a picture without a data channel is held back from being called ready. */
const CHANNEL_WITHIN_MS = 1000;
const INPUTS = ['KeyboardInput', 'MouseInput', 'TouchInput', 'GamepadInput'] as const;

// its messages hold whole session descriptions, credentials included
Logger.InitLogging(1, false);

class Player extends PixelStreaming {
  get controller(): WebRtcPlayerController {
    return this._webRtcController;
  }
}

/** Builds a stream in `parent`, behind everything there, without input until it is told so. */
export function createStream(parent: HTMLElement, settings: Settings, events: StreamEvents): Stream {
  return new EpicStream(parent, settings, events);
}

class EpicStream implements Stream {
  readonly layer: HTMLElement;
  readonly video: HTMLVideoElement;
  readonly #player: Player;
  readonly #transport: Transport;
  readonly #frames: FrameWatch;
  readonly #events: StreamEvents;
  readonly #inputs: Settings;
  #watched: RTCPeerConnection | null = null;
  #ice: IceWatch | null = null;
  readonly #readyTimer = new Timer();
  #channelStood = false;
  #disposed = false;

  constructor(parent: HTMLElement, settings: Settings, events: StreamEvents) {
    this.#events = events;
    this.#inputs = settings;
    this.layer = document.createElement('div');
    // `fixed-size` keeps the library from writing a style attribute, which the page's policy forbids
    this.layer.className = 'layer fixed-size';
    parent.append(this.layer);
    this.#player = new Player(configOf(settings), { videoElementParent: this.layer });
    const controller = this.#player.controller;
    this.video = controller.videoPlayer.getVideoElement();
    this.video.muted = true;
    this.video.autoplay = true;
    this.#transport = new Transport(controller.transport as WebSocketTransport, (text) => events.send(text));
    this.#frames = new FrameWatch(this.video, {
      first: () => this.#onFirstFrame(),
      flowing: (flows) => events.flowing(flows),
    });
    this.#listen(typeof settings['StreamerId'] === 'string');
    if (typeof settings['StreamerId'] === 'string') controller.subscribedStream = settings['StreamerId'];
    this.#player.connect();
  }

  get peer(): RTCPeerConnection | null {
    // undefined before the first config, null after close: the library's types say neither
    const made = this.#player.controller.peerConnectionController as { peerConnection: RTCPeerConnection | null } | undefined;
    return made?.peerConnection ?? null;
  }

  get hasAudio(): boolean {
    return this.peer?.getReceivers().some((receiver) => receiver.track.kind === 'audio') ?? false;
  }

  get findings(): IceFindings | null {
    return this.#ice?.findings() ?? null;
  }

  deliver(text: string): void {
    if (this.#disposed) return;
    this.#transport.deliver(text);
    this.#watch();
  }

  subscribe(): void {
    this.#transport.subscribe();
  }

  refresh(config: RTCConfiguration): void {
    try {
      this.peer?.setConfiguration({ ...this.peer.getConfiguration(), ...config });
    } catch {
      // some fields can't change on a connection that stands; the servers matter only to the next one
    }
  }

  setMuted(muted: boolean): void {
    this.#player.config.setFlagEnabled('StartVideoMuted', muted);
    const sound = this.#player.controller.streamController.audioElement;
    this.video.muted = muted;
    sound.muted = muted;
    if (!muted && sound.srcObject !== null) void sound.play().catch(() => this.#events.playRefused());
    if (this.video.paused) void this.video.play().catch(() => this.#events.playRefused());
  }

  setInput(on: boolean): void {
    for (const name of INPUTS) this.#player.config.setFlagEnabled(name, on && this.#inputs[name] !== false);
    this.layer.classList.toggle('current', on);
  }

  setHovering(hovering: boolean): void {
    this.#player.config.setFlagEnabled('HoveringMouse', hovering);
  }

  releaseKeys(): void {
    const held = this.#player.controller.inputClassesFactory.activeKeys.getActiveKeys();
    for (const key of new Set(held.splice(0))) this.#tell('KeyUp', [key]);
  }

  type(text: string): void {
    for (const letter of text) {
      const code = letter.codePointAt(0) ?? 0;
      if (code <= 0xffff) this.#tell('KeyPress', [code]);
    }
  }

  enterText(text: string): void {
    this.#player.controller.sendTextboxEntry(text);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#frames.stop();
    this.#readyTimer.clear();
    this.#ice?.stop();
    this.#transport.close();
    this.#player.controller.closePeerConnection();
    this.#player.controller.destroyVideoPlayer();
    this.layer.remove();
  }

  #listen(choosy: boolean): void {
    const on = this.#player.addEventListener.bind(this.#player);
    on('subscribeFailed', (event) => this.#events.subscribeFailed(event.data.message));
    on('playStreamRejected', () => this.#events.playRefused());
    on('showOnScreenKeyboard', ({ data }) => this.#events.keyboardWanted(data.showOnScreenKeyboard, data.contents));
    on('dataChannelOpen', () => {
      this.#channelStood = true;
      this.#readyTimer.hurry();
    });
    on('dataChannelClose', () => { if (this.#channelStood && !this.#disposed) this.#events.lost(); });
    on('streamerListMessage', ({ data }) => {
      // the library takes a streamer by itself only when it is the only one
      const first = data.messageStreamerList.ids[0];
      if (!choosy && data.autoSelectedStreamerId === '' && first !== undefined)
        this.#player.config.setOptionSettingValue('StreamerId', first);
    });
  }

  /** On a busy machine the channel opens after the picture; keys pressed before would be lost. */
  #onFirstFrame(): void {
    this.#events.firstFrame();
    this.#readyTimer.set(this.#channelStood ? 0 : CHANNEL_WITHIN_MS, () => this.#events.ready());
  }

  #watch(): void {
    const peer = this.peer;
    if (peer === null || peer === this.#watched) return;
    this.#watched = peer;
    this.#ice?.stop();
    const ice = new IceWatch(peer, {
      connected: () => this.#events.iceConnected(),
      failed: () => { if (peer === this.#watched && !this.#disposed) this.#events.iceFailed(ice.findings()); },
      lost: () => { if (peer === this.#watched && !this.#disposed) this.#events.lost(); },
    });
    this.#ice = ice;
    peer.addEventListener('track', (event) => {
      // show each frame when it comes: a buffer would only delay what the visitor's hand does
      if ('jitterBufferTarget' in event.receiver) event.receiver.jitterBufferTarget = 0;
    });
  }

  #tell(message: string, values: number[]): void {
    this.#player.controller.streamMessageController.toStreamerHandlers.get(message)?.(values);
  }
}

function configOf(settings: Settings): Config {
  const off = Object.fromEntries(INPUTS.map((name) => [name, false]));
  const { StreamerId: _, ...rest } = settings;
  return new Config({ initialSettings: { ...rest, ...off } as Partial<AllSettings> });
}
