/*
 * Which of Epic's settings a link may set, from the page's query string.
 * Trap: the library can read the query itself, but then a link could also set `ss` and
 * `AutoConnect` and so send the visitor's browser to any server; hence this list.
 */

import type { Settings } from './media/types';

const FLAGS = [
  'HoveringMouse', 'FakeMouseWithTouches', 'MatchViewportRes', 'ForceMonoAudio', 'ForceTURN',
  'SuppressBrowserKeys', 'KeyboardInput', 'MouseInput', 'TouchInput', 'GamepadInput',
  'MouseDoubleClickAutoRelease', 'UseMic', 'UseCamera', 'ControlsQuality', 'BrowserSendOffer',
] as const;
const NUMBERS = [
  'MinQP', 'MaxQP', 'MinQuality', 'MaxQuality', 'WebRTCFPS', 'WebRTCMinBitrate', 'WebRTCMaxBitrate',
  'ViewportResScale',
] as const;
const TEXTS = ['StreamerId', 'PreferredCodec'] as const;

/** What holds when the link says nothing. Muted, because browsers play nothing else unasked. */
const BASE: Settings = {
  AutoConnect: false, AutoPlayVideo: true, StartVideoMuted: true, HoveringMouse: true,
  TimeoutIfIdle: false, WaitForStreamer: true, KeepaliveDelay: 0,
  MaxReconnectAttempts: 30, StreamerAutoJoinInterval: 1000,
};

/** Settings for the library out of a query string; names compare without case, as Epic's do. */
export function readSettings(query: string): Settings {
  const given = new Map([...new URLSearchParams(query)].map(([name, value]) => [name.toLowerCase(), value]));
  const settings: Record<string, boolean | number | string> = { ...BASE };
  for (const name of FLAGS) {
    const value = given.get(name.toLowerCase());
    if (value !== undefined) settings[name] = value === '' || /^(true|1|yes|on)$/i.test(value);
  }
  for (const name of NUMBERS) {
    const value = Number.parseFloat(given.get(name.toLowerCase()) ?? '');
    if (Number.isFinite(value)) settings[name] = value;
  }
  for (const name of TEXTS) {
    const value = given.get(name.toLowerCase());
    if (value !== undefined && value !== '') settings[name] = value;
  }
  return settings;
}
