import { describe, expect, it } from 'vitest';
import { TimeShares } from './time-shares.ts';

/** A stretch of the kernel's work and the code behind it. */
interface Turn {
  readonly systemNs: number;
  readonly userNs: number;
  readonly instructions: number;
}

function short(systemNs: number, userNs = 100): Turn {
  return { systemNs, userNs, instructions: 50 };
}

/** What a thread has after such turns again and again. */
function run(turns: readonly Turn[], count: number, stolen: (i: number) => number = () => 0) {
  const clock = { ns: 0, looks: 0 };
  const shares = new TimeShares({ monotonicNs: () => (clock.looks++, clock.ns), realtimeNs: () => 0n });
  let wantedSystem = 0;
  shares.begin(0);
  for (let i = 0; i < count; i++) {
    const { systemNs, userNs, instructions } = turns[i % turns.length];
    clock.ns += systemNs + stolen(2 * i);
    shares.kernelEnds();
    clock.ns += userNs + stolen(2 * i + 1);
    shares.userEnds(instructions);
    wantedSystem += systemNs;
    if (i % 1000 === 0) shares.split(clock.ns);
  }
  const wantedUser = turns.reduce((sum, { userNs }) => sum + userNs, 0) * (count / turns.length);
  const [userNs, systemNs] = shares.split(clock.ns);
  return {
    isWhole: Math.abs(userNs + systemNs - clock.ns) < 1,
    share: systemNs / clock.ns,
    wanted: wantedSystem / (wantedSystem + wantedUser),
    looks: clock.looks,
  };
}

describe('the kernel’s share of processor time', () => {
  const many: Turn = { systemNs: 300, userNs: 20_000, instructions: 20_000 };
  it.each([
    ['equal short calls', [short(200)]],
    ['short and less short ones in turn', [short(100), short(3000, 50)]],
    ['a pattern of 64', [...Array<Turn>(63).fill(short(100)), short(4000)]],
    ['now and then a long call', [...Array<Turn>(999).fill(short(200)), short(10_000)]],
    ['long calls with a short one between', [...Array<Turn>(4).fill(short(40_000)), short(200)]],
    ['much code after many short calls', [...Array<Turn>(500).fill(short(200)), many]],
    ['much code between any two calls', [many]],
  ])('is right: %s', (_name, turns) => {
    const { isWhole, share, wanted } = run(turns, 200_000);
    expect(isWhole).toBe(true);
    expect(share / wanted).toBeGreaterThan(0.9);
    expect(share / wanted).toBeLessThan(1.1);
  });

  it('is right on a busy host, which takes some ms now and then', () => {
    const { share, wanted } = run([short(200, 200)], 200_000, (i) => (i % 997 === 0 ? 3_000_000 : 0));
    expect(share / wanted).toBeGreaterThan(0.8);
    expect(share / wanted).toBeLessThan(1.2);
  });

  it('follows a program that computes first and then calls', () => {
    const clock = { ns: 0 };
    const shares = new TimeShares({ monotonicNs: () => clock.ns, realtimeNs: () => 0n });
    shares.begin(0);
    const turns = (count: number, systemNs: number, userNs: number): readonly [number, number] => {
      for (let i = 0; i < count; i++) {
        clock.ns += systemNs;
        shares.kernelEnds();
        clock.ns += userNs;
        shares.userEnds(userNs);
        shares.split(clock.ns);
      }
      return shares.split(clock.ns);
    };
    const [user] = turns(1_000, 0, 2_000_000);
    expect(user).toBe(2e9);
    const [stillUser, system] = turns(10_000, 20_000, 0);
    expect(stillUser - user).toBeLessThan(20e6);
    expect(system).toBeGreaterThan(180e6);
  });

  it('costs few looks at the clock where calls are short', () => {
    expect(run([short(200)], 64_000).looks).toBeLessThan(4_000);
  });
});
