/*
 * What the page knows of a stream; the implementation sits in the chunk with Epic's library.
 * Trap: types only. An import of a value from here would pull the library into the entry.
 */

export interface StreamEvents {
  /** Signalling to send. */
  send(text: string): void;
  iceConnected(): void;
  /** ICE found no way, with what was tried. */
  iceFailed(found: IceFindings): void;
  firstFrame(): void;
  /** A picture is there and input goes through (or there is no channel for it). */
  ready(): void;
  /** No new picture for some seconds, or frames flow again. */
  flowing(flows: boolean): void;
  /** The peer connection or its data channel is gone for good. */
  lost(): void;
  subscribeFailed(words: string): void;
  /** The browser refused to play without a click. */
  playRefused(): void;
  /** The application wants text typed (or no more). */
  keyboardWanted(wanted: boolean, contents: string): void;
}

/** What ICE had to work with, told from the browser's side. */
export interface IceFindings {
  /** Relay URLs that the server offered. */
  readonly relaysOffered: number;
  /** Candidates that this browser got from relays. */
  readonly relayCandidates: number;
  readonly candidates: number;
  readonly relayOnly: boolean;
  /** `url: code text`, most telling first. */
  readonly errors: readonly string[];
}

export interface Stream {
  readonly layer: HTMLElement;
  readonly video: HTMLVideoElement;
  /** The peer connection of the moment; the library makes more than one. */
  readonly peer: RTCPeerConnection | null;
  readonly hasAudio: boolean;
  /** What ICE had to work with so far; null before there is a connection. */
  readonly findings: IceFindings | null;
  /** Hands it one signalling message. */
  deliver(text: string): void;
  /** Lets the library ask for the list of streamers and subscribe. */
  subscribe(): void;
  /** Fresh ICE servers for a connection that stands. */
  refresh(config: RTCConfiguration): void;
  setMuted(muted: boolean): void;
  /** Turns input on for the stream on the screen, off for the one behind it. */
  setInput(on: boolean): void;
  /** Hovering pointer, or locked to the picture. */
  setHovering(hovering: boolean): void;
  releaseKeys(): void;
  type(text: string): void;
  enterText(text: string): void;
  dispose(): void;
}

export interface StreamModule {
  createStream(parent: HTMLElement, settings: Settings, events: StreamEvents): Stream;
}

/** Epic's settings as its library takes them. */
export type Settings = Readonly<Record<string, boolean | number | string>>;
