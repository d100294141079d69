import { randomFillSync } from 'node:crypto';
import type { EntropyPort } from '../../guest-kernel/index.ts';

export const hostEntropy: EntropyPort = { fill: (dst) => void randomFillSync(dst) };
