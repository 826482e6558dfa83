/*
 * A visit in a few lines of text, to be pasted into a message to whoever runs the service.
 * Trap: it leaves the machine, so it holds no address of the seat and no credential.
 */

import type { Visit } from '../machine';
import { PHASES, type PhaseTimes } from '../phases';

export function reportOf(visit: Visit, trace: string | null, times: PhaseTimes, stats: string): string {
  const steps = PHASES.flatMap((phase) => (times[phase] === undefined ? [] : [`${phase} ${Math.round(times[phase])}`]));
  return [
    `state: ${visit.state}${visit.reason === null ? '' : `, ${visit.reason.code}`}`,
    ...(trace === null ? [] : [`trace: ${trace}`]),
    ...(visit.reason?.detail ? [`detail: ${visit.reason.detail}`] : []),
    `steps (ms): ${steps.join(', ')}`,
    `time: ${new Date().toISOString()}`,
    `browser: ${navigator.userAgent}`,
    ...(stats === '' ? [] : [stats]),
  ].join('\n');
}
