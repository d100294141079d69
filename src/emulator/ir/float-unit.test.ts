import { describe, expect, it } from 'vitest';
import { FLOAT_OPERATIONS, runFloat } from './float-unit.ts';

describe('float operations', () => {
  it('have distinct numbers, and each can be run', () => {
    expect(new Set(FLOAT_OPERATIONS).size).toBe(FLOAT_OPERATIONS.length);
    const ones = new Int32Array(Float64Array.of(1, 1).buffer);
    for (const name of FLOAT_OPERATIONS) {
      const outcome = { mxcsr: 0, isTrapped: false };
      expect(runFloat(name, 0x1f80, ones, ones, outcome), `operation ${name}`).toHaveLength(4);
    }
  });
});
