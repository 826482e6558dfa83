// Epic's front end library with its own websocket, as a page knows it that has never heard of us.
import { Config, PixelStreaming } from '@epicgames-ps/lib-pixelstreamingfrontend-ue5.7';

const initialSettings = {
  ss: `ws://${location.host}/ws`, AutoConnect: true, AutoPlayVideo: true, StartVideoMuted: true,
  WaitForStreamer: true, KeepaliveDelay: 1000,
};
const player = new PixelStreaming(new Config({ initialSettings }), { videoElementParent: document.getElementById('stage') });
window.seen = [];
for (const name of ['webRtcConnected', 'dataChannelOpen', 'videoInitialized', 'webRtcDisconnected', 'subscribeFailed'])
  player.addEventListener(name, () => window.seen.push(name));
