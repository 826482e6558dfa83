/*
 * Numbers in words for people.
 * Trap: an estimate is one: it is rounded until it can be kept, and never counted down by itself.
 * And toLocaleString loads the browser's language tables, 15 ms on the way to the first picture.
 */

import type { Supply } from './notices';

const MINUTE = 60;

/** Place in the queue as an ordinal: number and suffix apart, for typesetting. */
export function ordinal(position: number): readonly [string, string] {
  const tens = position % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][position % 10] ?? 'th');
  return [grouped(position), suffix];
}

/** 12345 → `12,345`. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

const UNKNOWN: Record<Supply, string> = {
  taken: 'No estimate yet',
  starting: 'A stream is being started',
  budget: 'All streams that the budget allows are taken',
  held: 'Seats are not given out for the moment; you keep your place',
};

/** What the server expects, or why it can't say, as a phrase that starts a sentence. */
export function estimateWords(seconds: number | null, supply: Supply = 'taken'): string {
  if (seconds === null) return UNKNOWN[supply];
  if (seconds < 15) return 'A few seconds';
  if (seconds < 50) return 'Less than a minute';
  if (seconds < 90) return 'About a minute';
  const minutes = Math.round(seconds / MINUTE);
  if (minutes <= 10) return `About ${minutes} minutes`;
  if (minutes < 55) return `About ${Math.round(minutes / 5) * 5} minutes`;
  return minutes < 90 ? 'About an hour' : `About ${Math.round(minutes / MINUTE)} hours`;
}

/** 75 → `1:15`, 3700 → `1:01:40`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / MINUTE) % MINUTE;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % MINUTE)}` : `${minutes}:${two(whole % MINUTE)}`;
}

/** Bits per second: `4.2 Mbit/s`, `820 kbit/s`. */
export function bitrateWords(bits: number | null): string {
  if (bits === null) return '–';
  return bits >= 1_000_000 ? `${(bits / 1_000_000).toFixed(1)} Mbit/s` : `${Math.round(bits / 1000)} kbit/s`;
}

export const millisecondsWords = (ms: number | null): string => (ms === null ? '–' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`);
