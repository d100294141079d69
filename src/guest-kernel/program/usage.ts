/** What getrusage(2) counts of a thread, a program or children that were waited for. */
export interface Usage {
  readonly userNs: number;
  readonly systemNs: number;
  /** Page faults that found their page in memory, and those that had to wait for the disk. */
  readonly minorFaults: number;
  readonly majorFaults: number;
  /** Bytes that had to come from the disk, and bytes of disk blocks that became dirty. */
  readonly diskReadBytes: number;
  readonly diskWrittenBytes: number;
  /** Times it fell asleep, and times it made room for others although it could have run on. */
  readonly sleeps: number;
  readonly preemptions: number;
  /** The largest resident set. */
  readonly peakBytes: number;
}

export const NO_USAGE: Usage = {
  userNs: 0,
  systemNs: 0,
  minorFaults: 0,
  majorFaults: 0,
  diskReadBytes: 0,
  diskWrittenBytes: 0,
  sleeps: 0,
  preemptions: 0,
  peakBytes: 0,
};

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    userNs: a.userNs + b.userNs,
    systemNs: a.systemNs + b.systemNs,
    minorFaults: a.minorFaults + b.minorFaults,
    majorFaults: a.majorFaults + b.majorFaults,
    diskReadBytes: a.diskReadBytes + b.diskReadBytes,
    diskWrittenBytes: a.diskWrittenBytes + b.diskWrittenBytes,
    sleeps: a.sleeps + b.sleeps,
    preemptions: a.preemptions + b.preemptions,
    peakBytes: Math.max(a.peakBytes, b.peakBytes),
  };
}
