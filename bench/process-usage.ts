/** What another process uses: from /proc on Linux, from `ps` elsewhere. NaN where neither can tell. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The kernel shows CPU times in ticks of 10 ms to every program, whatever its own clock. */
const TICK_MS = 10;

/** Resident memory, MB (10⁶ bytes). */
export function rssMegabytes(pid: number): number {
  if (process.platform !== 'linux') return (Number(ps('rss=', pid) || Number.NaN) * 1024) / 1e6;
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kilobytes) * 1024) / 1e6;
}

/** User and system time of all threads since the start, ms. */
export function cpuMilliseconds(pid: number): number {
  if (process.platform !== 'linux') return clock(ps('time=', pid));
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses and may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function ps(column: string, pid: number): string {
  try {
    return execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

/** `[[days-]hours:]minutes:seconds[.part]` in ms. */
function clock(time: string): number {
  if (time === '') return Number.NaN;
  const [days, rest] = time.includes('-') ? time.split('-') : ['0', time];
  const seconds = (rest ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return (Number(days) * 86_400 + seconds) * 1000;
}
